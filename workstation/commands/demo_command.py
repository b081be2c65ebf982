"""`readingroom demo`: the workstation with a demo hospital, on a screen or as a tour without one."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from workstation.commands.answer import complain, home_of
from workstation.commands.progress_words import ProgressWords
from workstation.demo_mode import DemoHospital
from workstation.places import DEMO_PROFILE, make_folder

DEFAULT_TOUR = Path("tour")


def demonstrate(options: Namespace) -> int:
    """Open the demo, or take the tour: asked for with ``--tour``, or because there is no screen."""
    from workstation.cli import has_display

    home = home_of(options)
    data = options.data.resolve() if options.data else None
    on_screen = has_display()
    if not on_screen:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if options.tour is None and on_screen:
        return _open(home, DemoHospital(home, data))
    directory = (options.tour or DEFAULT_TOUR).resolve()
    make_folder(directory)
    home = _tour_home(home, named=getattr(options, "home", None) is not None)
    return _take_tour(home, DemoHospital(home, data), directory, with_local_data=data is not None)


def _tour_home(home: Path, *, named: bool) -> Path:
    from workstation.tour.fresh_home import check_unused, own_tour_home

    if not named:
        return own_tour_home(home)
    check_unused(home)
    return home


def _open(home: Path, demo: DemoHospital) -> int:
    from workstation.commands.workstation_command import stay_open
    from workstation.startup import build_application

    return stay_open(build_application(home, DEMO_PROFILE, demo=demo))


def _take_tour(home: Path, demo: DemoHospital, directory: Path, *, with_local_data: bool) -> int:
    words = ProgressWords("Building the demo hospital")
    try:
        account = demo.start(words)
        words.done()
        complain(account.notice)
        from workstation.startup import build_application
        from workstation.tour.guide import run_tour

        application = build_application(home, DEMO_PROFILE, demo=demo, account=account)
        try:
            return run_tour(application, directory, home=home, with_local_data=with_local_data)
        finally:
            application.close()
    finally:
        words.done()
        demo.stop()
