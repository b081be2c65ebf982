"""A tour begins with unread cases, however often it is taken, and uses up nobody's demo."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.errors import StoreUnavailable
from workstation.tour.fresh_home import check_unused, own_tour_home


def test_that_a_second_tour_keeps_the_images_and_nothing_else(tmp_path: Path) -> None:
    home = own_tour_home(tmp_path)
    images = home / "demo" / "hospital" / "objects" / "SO-1"
    images.mkdir(parents=True)
    (images / "1.dcm").write_bytes(b"x")
    for left in ("demo/store.db", "demo/vault/aa/file", "demo/hospital/hospital.db", "last-profile"):
        (home / left).parent.mkdir(parents=True, exist_ok=True)
        (home / left).write_bytes(b"x")
    assert own_tour_home(tmp_path) == home
    assert [str(p.relative_to(home)) for p in sorted(home.rglob("*")) if p.is_file()] == [
        "demo/hospital/objects/SO-1/1.dcm"
    ]


def test_that_a_tour_leaves_the_demo_beside_it_alone(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "store.db").write_bytes(b"x")
    own_tour_home(tmp_path)
    assert (tmp_path / "demo" / "store.db").exists()


def test_that_a_named_home_which_was_used_is_refused_with_a_sentence(tmp_path: Path) -> None:
    check_unused(tmp_path)
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "store.db").write_bytes(b"x")
    with pytest.raises(StoreUnavailable, match="used before"):
        check_unused(tmp_path)
