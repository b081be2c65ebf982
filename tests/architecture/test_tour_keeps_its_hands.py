"""The tour proves the program only as long as it uses nothing but visible widgets."""

from __future__ import annotations

import ast
from pathlib import Path

TOUR = Path(__file__).resolve().parents[2] / "workstation" / "tour"
DRIVING = ("hands.py", "itinerary.py")
FORBIDDEN_MODULES = ("presenter", "sync.", "workstation.startup", "workstation.actions", "annotation_autosave", "desk")
FORBIDDEN_CALLS = {"trigger", "activate", "setText", "setPlainText", "setChecked", "setCurrentIndex", "emit"}


def test_that_the_driving_part_of_the_tour_imports_no_presenter_store_or_action() -> None:
    for name in DRIVING:
        tree = ast.parse((TOUR / name).read_text("utf-8"))
        for node in ast.walk(tree):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for imported in names:
                assert not any(word in imported for word in FORBIDDEN_MODULES), f"{name} imports {imported}"


def test_that_the_driving_part_of_the_tour_sets_no_widget_behind_its_back() -> None:
    for name in DRIVING:
        tree = ast.parse((TOUR / name).read_text("utf-8"))
        called = {n.func.attr for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}
        assert not called & FORBIDDEN_CALLS, f"{name} calls {called & FORBIDDEN_CALLS}"
