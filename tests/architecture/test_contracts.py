"""Each import contract of pyproject.toml guards something: broken once on purpose, it says so."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter import Contract
from importlinter.application.use_cases import _register_contract_types, read_user_options
from importlinter.application.user_options import UserOptions
from importlinter.configuration import configure
from importlinter.domain.contract import registry

CONFIGURATION = Path(__file__).resolve().parents[2] / "pyproject.toml"

# One import for each contract that it must refuse: who imports, what.
VIOLATIONS = {
    "house": ("viewers.geometry", "sync.records.case"),
    "sync-layers": ("sync.records.case", "sync.store.database"),
    "viewers-layers": ("viewers.annotation.shapes", "viewers.radiology.windowing"),
    "hospital-is-apart": ("sync.outbox", "sync.demo_hospital.server"),
    "screens": ("workstation.worklist.page", "workstation.case.page"),
    "qt-free": ("sync.sync_round", "PySide6"),
    "deciders": ("workstation.reading.presenter", "PySide6"),
    "records": ("sync.records.case", "numpy"),
    "sql-home": ("sync.outbox", "sqlalchemy"),
    "network-home": ("workstation.startup", "requests"),
    "dicom-home": ("workstation.local_files", "pydicom"),
    "slides-home": ("viewers.pathology.slide_view", "openslide"),
    "arrays-home": ("workstation.reading.page", "numpy"),
    "signing-home": ("workstation.opinion.presenter", "pyhanko"),
    "no-vtk": ("viewers.radiology.stack_view", "vtkmodules"),
    "fhir-home": ("sync.records.questionnaire", "fhirpathpy"),
    "pdf-home": ("workstation.case.document_pane", "pypdfium2"),
    "server-home": ("workstation.cli", "uvicorn"),
}


@pytest.fixture(scope="module")
def options() -> UserOptions:
    configure()
    found = read_user_options(config_filename=str(CONFIGURATION))
    _register_contract_types(found)
    return found


@pytest.fixture(scope="module")
def graph(options: UserOptions) -> grimp.ImportGraph:
    return grimp.build_graph(
        *options.session_options["root_packages"],
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )


def _contract(options: UserOptions, contract_id: str) -> Contract:
    settings: dict[str, Any] = next(c for c in options.contracts_options if c["id"] == contract_id)
    kind = registry.get_contract_class(settings["type"])
    return kind(name=settings["name"], session_options=options.session_options, contract_options=settings)


def test_that_every_contract_has_a_violation_here(options: UserOptions) -> None:
    assert {c["id"] for c in options.contracts_options} == set(VIOLATIONS)


@pytest.mark.parametrize("contract_id", VIOLATIONS)
def test_that_the_contract_is_kept_and_breaks_when_violated(
    contract_id: str, options: UserOptions, graph: grimp.ImportGraph
) -> None:
    importer, imported = VIOLATIONS[contract_id]
    assert importer in graph.modules, f"{importer} is not a module any more: aim the violation at one that is"
    contract = _contract(options, contract_id)
    assert contract.check(graph=deepcopy(graph), verbose=False).kept
    broken = deepcopy(graph)
    if imported not in broken.modules:
        assert "." not in imported, f"{imported} is not a module any more"
        broken.add_module(imported, is_squashed=True)
    broken.add_import(importer=importer, imported=imported, line_number=1, line_contents=f"import {imported}")
    assert not contract.check(graph=broken, verbose=False).kept
