"""The guided tour: the real application, driven through its main job by mouse and key events on visible widgets.

Nothing in here may call a presenter, a store or an action: what a hand cannot do, the tour cannot do.
"""
