"""A long piece of work is one live line to a person at a terminal, and few lines in a file."""

from __future__ import annotations

import io
import os

import pytest

from workstation.commands.progress_words import ProgressWords


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_that_a_file_gets_five_lines_however_many_steps_there_are() -> None:
    file = io.StringIO()
    words = ProgressWords("Building", file)
    for step in range(81):
        words(f"step {step}", step / 80)
    words.done()
    assert file.getvalue().splitlines() == [f"Building: {share}%" for share in (0, 25, 50, 75, 100)]


def test_that_a_terminal_has_one_line_that_goes_when_the_work_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((40, 24)))
    terminal = Terminal()
    words = ProgressWords("Building", terminal)
    for step in range(81):
        words("a text that is longer than the terminal is wide", step / 80)
    words.done()
    shown = terminal.getvalue()
    assert "\n" not in shown
    lines = shown.split("\r\x1b[K")
    assert lines[0] == lines[-1] == ""
    assert max(len(line) for line in lines) == 39  # a wrapped line could not be taken back
