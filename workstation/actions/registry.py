"""The list of actions. A screen opens another only by an action's id. No Qt here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from workstation.actions.action import Action


class ActionRegistry:
    """Actions in the order they were added; ids are unique, and so are keys on one page."""

    def __init__(self) -> None:
        self._actions: dict[str, Action] = {}
        self._listeners: list[Callable[[], None]] = []
        self._left: frozenset[str] | None = None

    def add(self, actions: Iterable[Action]) -> None:
        """Add *actions*; ValueError for an id that is taken or a key that already means something there."""
        for action in actions:
            if action.id in self._actions:
                raise ValueError(f"the action {action.id} exists already")
            for other in self._actions.values():
                if action.shortcut and other.shortcut == action.shortcut and _meet(action.page, other.page):
                    raise ValueError(f"{action.shortcut} means {other.id} already, it cannot mean {action.id} too")
            self._actions[action.id] = action
        self.notify()

    def __iter__(self) -> Iterator[Action]:
        return iter(tuple(self._actions.values()))

    def get(self, action_id: str) -> Action:
        """The action; KeyError when nobody added it."""
        return self._actions[action_id]

    def can_run(self, action_id: str) -> bool:
        """True where the action exists and its condition holds now."""
        action = self._actions.get(action_id)
        return action is not None and self._is_left(action_id) and action.enabled_when()

    def run(self, action_id: str) -> bool:
        """Do it, if its condition holds. True when it was done."""
        action = self.get(action_id)
        if not self.can_run(action_id):
            return False
        action.run()
        return True

    def suspend(self, *left: str) -> None:
        """Nothing can be done until `resume`, by no menu and no key, but what *left* names."""
        self._left = frozenset(left)
        self.notify()

    def resume(self) -> None:
        """Everything can be done again whose condition holds."""
        self._left = None
        self.notify()

    def on_changed(self, listener: Callable[[], None]) -> None:
        """*listener* is called when actions were added or their conditions may have changed."""
        self._listeners.append(listener)

    def notify(self) -> None:
        """Say that conditions may have changed (a case was opened, a page was turned)."""
        for listener in self._listeners:
            listener()

    def _is_left(self, action_id: str) -> bool:
        return self._left is None or action_id in self._left


def _meet(page: str, other_page: str) -> bool:
    return not page or not other_page or page == other_page
