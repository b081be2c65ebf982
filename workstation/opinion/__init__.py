"""The opinion: its form, the checks before it is signed, its report, its signature and the hospital's receipt."""
