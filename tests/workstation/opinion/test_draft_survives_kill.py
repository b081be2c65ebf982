"""A program killed a moment after a keystroke has the keystroke on its next start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sync.store.database import open_store
from tests.workstation.opinion.cases import some_case

TYPIST = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication, QTimer
from sync.records.answer import Answer
from sync.store.database import open_store
from tests.workstation.opinion.cases import some_case, some_resources
from tests.workstation.opinion.watching_view import WatchingView
from workstation.background import Background
from workstation.clock import local_now
from workstation.opinion.presenter import OpinionPresenter

app = QCoreApplication([])
store = open_store(Path(sys.argv[1]))
store.cases.put_case(some_case(), some_resources())
presenter = OpinionPresenter(
    store, Background(), now=local_now, changed=lambda _c: None, sync_requested=lambda: None,
    export_marks=lambda _s, _c: (), draw_key_images=None,
)
presenter.attach(WatchingView())

def type_all():
    for end in range(1, 41):
        presenter.set_answer((("lim", 0),), Answer("valueString", "k" * end))
    print("typed", flush=True)

presenter.open_case(some_case().case_id, type_all)
app.exec()
"""


@pytest.mark.journey
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_that_a_kill_a_moment_after_a_keystroke_loses_nothing(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    child = subprocess.Popen(
        [sys.executable, "-c", TYPIST, str(tmp_path / "profile")],
        stdout=subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"typed\n"
    time.sleep(0.5)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    store = open_store(tmp_path / "profile")
    draft = store.opinions.find_draft(some_case().case_id)
    store.close()
    assert draft is not None
    assert {"linkId": "lim", "answer": [{"valueString": "k" * 40}]} in draft.response["item"]
