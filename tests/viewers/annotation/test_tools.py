from __future__ import annotations

import pytest

from tests.viewers.annotation.marks import FRAME, line, mark, outline
from viewers.annotation.annotation_set import AnnotationSet
from viewers.annotation.shapes import ImagePoint
from viewers.annotation.tools.edit import EditTool
from viewers.annotation.tools.length import LengthTool
from viewers.annotation.tools.polygon import PolygonTool
from viewers.annotation.tools.tool import PointerEvent, Tool, ToolKey


def at(x: float, y: float) -> PointerEvent:
    return PointerEvent(ImagePoint(x, y), tolerance=3.0)


def click(tool: Tool, x: float, y: float) -> object:
    return tool.press(at(x, y)) or tool.release(at(x, y))


def test_that_a_length_is_drawn_by_press_drag_release() -> None:
    tool = LengthTool()
    assert tool.press(at(10, 10)) is None
    tool.move(at(30, 20))
    assert tool.draft == line((10, 10), (30, 20))
    assert tool.release(at(40, 20)) == line((10, 10), (40, 20))
    assert not tool.is_drawing and tool.draft is None


def test_that_a_length_is_drawn_by_two_clicks() -> None:
    tool = LengthTool()
    assert click(tool, 10, 10) is None
    tool.move(at(30, 20))
    assert tool.draft == line((10, 10), (30, 20))
    assert click(tool, 40, 20) == line((10, 10), (40, 20))


def test_that_a_slip_makes_no_length() -> None:
    tool = LengthTool()
    assert click(tool, 10, 10) is None
    assert click(tool, 11, 10) is None


def test_that_a_cancelled_shape_leaves_nothing() -> None:
    for tool in (LengthTool(), PolygonTool()):
        tool.press(at(10, 10))
        tool.cancel()
        assert tool.draft is None
        assert tool.release(at(90, 90)) is None


@pytest.mark.parametrize("close", ["enter", "double click", "first corner"])
def test_that_a_polygon_closes_by_enter_double_click_or_its_first_corner(close: str) -> None:
    tool = PolygonTool()
    for x, y in ((0, 0), (50, 0), (50, 50), (0, 50)):
        assert click(tool, x, y) is None
    if close == "enter":
        shape = tool.key(ToolKey.ENTER)
    elif close == "double click":
        assert click(tool, 0, 50) is None
        shape = tool.double_click(at(0, 50))
    else:
        shape = tool.press(at(1, 1))
    assert shape == outline((0, 0), (50, 0), (50, 50), (0, 50))
    assert not tool.is_drawing


def test_that_backspace_takes_back_the_last_corner() -> None:
    tool = PolygonTool()
    for x, y in ((0, 0), (50, 0), (99, 99), (50, 50)):
        click(tool, x, y)
    tool.key(ToolKey.BACKSPACE)
    tool.key(ToolKey.BACKSPACE)
    click(tool, 0, 50)
    assert tool.key(ToolKey.ENTER) == outline((0, 0), (50, 0), (0, 50))


def test_that_two_corners_do_not_close() -> None:
    tool = PolygonTool()
    click(tool, 0, 0)
    click(tool, 50, 0)
    assert tool.key(ToolKey.ENTER) is None
    assert tool.is_drawing


def test_that_a_handle_moves_one_point_and_the_line_moves_all() -> None:
    measured = mark(line((0, 0), (100, 0)))
    marks = AnnotationSet("r", [measured])
    edit = EditTool()
    assert edit.press(at(99, 1), marks, FRAME) == measured
    edit.move(at(99, 31))
    edit.release(marks)
    assert marks.marks[0].shape == line((0, 0), (100, 30))
    edit.press(at(50, 15), marks, FRAME)
    edit.move(at(55, 15))
    edit.release(marks)
    assert marks.marks[0].shape == line((5, 0), (105, 30))
    assert marks.undo() and marks.undo() and marks.marks == (measured,)


def test_that_a_trembling_click_selects_without_changing_the_shape() -> None:
    measured = mark(line((0, 0), (100, 0)))
    marks = AnnotationSet("r", [measured])
    edit = EditTool()
    edit.press(at(100, 0), marks, FRAME)
    edit.move(at(101, 0))
    edit.release(marks)
    assert marks.marks == (measured,)
    assert not marks.can_undo


def test_that_a_mark_removed_while_in_hand_stays_removed() -> None:
    measured = mark(line((0, 0), (100, 0)))
    marks = AnnotationSet("r", [measured])
    edit = EditTool()
    edit.press(at(100, 0), marks, FRAME)
    edit.move(at(140, 0))
    marks.remove(measured.annotation_id)
    edit.release(marks)
    assert marks.marks == ()
