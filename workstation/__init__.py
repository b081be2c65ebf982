"""The Qt application: composes `viewers` and `sync`, and alone sees both sides."""
