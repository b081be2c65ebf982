"""What can be asked of the reading page, as actions for menus and keys. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from workstation.actions.action import Action
from workstation.reading.hanging.layouts import LAYOUTS

PAGE = "reading"
MENU = "&Images"


class StackTools(Protocol):
    """The part of `StackDesk` that actions ask for."""

    @property
    def has_active(self) -> bool: ...
    @property
    def can_link(self) -> bool: ...
    @property
    def can_name_window(self) -> bool: ...
    @property
    def can_show_true_size(self) -> bool: ...

    def toggle_link(self) -> None: ...
    def step_fusion(self) -> None: ...
    def toggle_outlines(self) -> None: ...
    def toggle_elements(self) -> None: ...
    def toggle_differences(self) -> None: ...
    def name_window(self) -> None: ...
    def show_true_size(self) -> None: ...
    def calibrate_screen(self) -> None: ...


class MarkingPage(Protocol):
    """The part of `ReadingPage` that actions ask for."""

    @property
    def stacks(self) -> StackTools: ...
    @property
    def can_mark(self) -> bool: ...
    @property
    def can_undo(self) -> bool: ...
    @property
    def can_redo(self) -> bool: ...
    @property
    def selected_id(self) -> str: ...

    def choose_tool(self, tool: str | None) -> None: ...
    def navigate(self) -> None: ...
    @property
    def can_reconstruct(self) -> bool: ...

    def toggle_mpr(self) -> None: ...
    def undo(self) -> None: ...
    def redo(self) -> None: ...
    @property
    def can_show_as_marked(self) -> bool: ...

    def remove_mark(self, annotation_id: str) -> None: ...
    def show_as_marked(self) -> None: ...
    def set_layout_name(self, name: str) -> None: ...
    @property
    def can_keep_hanging(self) -> bool: ...

    def keep_hanging(self) -> None: ...


def reading_actions(page: MarkingPage) -> tuple[Action, ...]:
    """Tools, history and layouts; their keys mean them on the reading page only."""

    def wanted(tool: str | None) -> Callable[[], None]:
        return lambda: page.choose_tool(tool)

    def hung(layout: str) -> Callable[[], None]:
        return lambda: page.set_layout_name(layout)

    def action(name: str, text: str, run: Callable[[], None], key: str, glyph: str, when: Callable[[], bool]) -> Action:
        return Action(f"reading.{name}", text, run, menu=MENU, shortcut=key, enabled_when=when, icon=glyph, page=PAGE)

    stacks = page.stacks
    return (
        action("navigate", "&Navigate and edit marks", page.navigate, "Esc", "navigate", lambda: True),
        action("length", "&Length", wanted("length"), "L", "length", lambda: page.can_mark),
        action("polygon", "&Outline", wanted("polygon"), "P", "polygon", lambda: page.can_mark),
        action("undo", "&Undo", page.undo, "Ctrl+Z", "undo", lambda: page.can_undo),
        action("redo", "&Redo", page.redo, "Ctrl+Shift+Z", "redo", lambda: page.can_redo),
        action(
            "delete",
            "&Delete the selected mark",
            lambda: page.remove_mark(page.selected_id),
            "Del",
            "delete",
            lambda: page.can_mark and bool(page.selected_id),
        ),
        action(
            "as-marked",
            "&Window or field the mark was made in",
            page.show_as_marked,
            "M",
            "",
            lambda: page.can_show_as_marked,
        ),
        action("fuse", "Lay a &PET or SPECT over it", stacks.step_fusion, "F", "fuse", lambda: stacks.has_active),
        action("true-size", "Tr&ue size", stacks.show_true_size, "U", "", lambda: stacks.can_show_true_size),
        action("calibrate", "&Calibrate this monitor…", stacks.calibrate_screen, "Shift+U", "", lambda: True),
        action("windows", "&Your windows…", stacks.name_window, "N", "", lambda: stacks.can_name_window),
        action("elements", "DICOM &elements", stacks.toggle_elements, "T", "", lambda: True),
        action("differences", "Elements that di&ffer", stacks.toggle_differences, "Shift+T", "", lambda: True),
        action(
            "outlines",
            "Outlines of &structures",
            stacks.toggle_outlines,
            "S",
            "outlines",
            lambda: stacks.has_active,
        ),
        action("mpr", "Planes of this series (&MPR)", page.toggle_mpr, "O", "mpr", lambda: page.can_reconstruct),
        action("link", "&Link scrolling, here", stacks.toggle_link, "Y", "link", lambda: stacks.can_link),
        *(
            action(f"layout-{name}", layout.words, hung(name), layout.key, f"layout-{name}", lambda: True)
            for name, layout in LAYOUTS.items()
        ),
        action(
            "keep-hanging", "&Keep this hanging…", page.keep_hanging, "Ctrl+Shift+K", "", lambda: page.can_keep_hanging
        ),
    )
