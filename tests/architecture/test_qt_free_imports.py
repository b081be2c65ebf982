"""What calls itself free of Qt is imported in an interpreter where importing Qt or VTK raises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import importlib, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("PySide6", "shiboken6", "vtk", "vtkmodules", "qtawesome"):
            raise ImportError("refused: " + name)
sys.meta_path.insert(0, Refuse())
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def _modules(package: str) -> list[str]:
    paths = (ROOT / package).rglob("*.py")
    names = (".".join(p.relative_to(ROOT).with_suffix("").parts) for p in paths)
    return sorted(n.removesuffix(".__init__") for n in names if not n.endswith("__main__"))


def _is_view(name: str) -> bool:
    return name.endswith(("_view", ".image_view", "painter"))


def test_that_sync_and_the_qt_free_part_of_viewers_import_without_qt() -> None:
    names = _modules("sync") + [n for n in _modules("viewers") if not _is_view(n)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_that_presenters_and_actions_import_without_qt() -> None:
    names = [n for n in _modules("workstation") if n.endswith((".presenter", "annotation_autosave", ".action"))]
    assert names
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
