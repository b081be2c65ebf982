"""What the list of actions promises."""

from __future__ import annotations

import pytest

from workstation.actions.action import Action
from workstation.actions.registry import ActionRegistry


def action(action_id: str, shortcut: str = "", page: str = "", enabled: bool = True) -> Action:
    return Action(action_id, action_id, run=lambda: None, shortcut=shortcut, page=page, enabled_when=lambda: enabled)


def test_that_an_id_is_taken_once() -> None:
    registry = ActionRegistry()
    registry.add([action("go.case")])
    with pytest.raises(ValueError, match="exists"):
        registry.add([action("go.case")])


def test_that_a_key_means_one_thing_on_a_page() -> None:
    registry = ActionRegistry()
    registry.add([action("tool.length", "L", "reading")])
    registry.add([action("form.list", "L", "opinion")])
    with pytest.raises(ValueError, match="L means"):
        registry.add([action("anything", "L")])


def test_that_an_action_whose_condition_fails_is_not_done() -> None:
    done: list[str] = []
    registry = ActionRegistry()
    registry.add([Action("open", "Open", run=lambda: done.append("open"), enabled_when=lambda: False)])
    assert not registry.run("open")
    assert done == []


def test_that_listeners_hear_of_new_actions() -> None:
    heard: list[int] = []
    registry = ActionRegistry()
    registry.on_changed(lambda: heard.append(1))
    registry.add([action("a")])
    assert heard == [1]
