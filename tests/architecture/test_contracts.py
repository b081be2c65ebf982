"""Each import contract of pyproject.toml guards something: broken once on purpose, it says so."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter import Contract
from importlinter.api import read_configuration
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

CONFIGURATION = Path(__file__).resolve().parents[2] / "pyproject.toml"

KINDS: dict[str, type[Contract]] = {
    "forbidden": ForbiddenContract,
    "independence": IndependenceContract,
    "layers": LayersContract,
    "protected": ProtectedContract,
}

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
    "sign-in-home": ("workstation.startup", "authlib"),
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
def options() -> dict[str, Any]:
    return read_configuration(config_filename=str(CONFIGURATION))


@pytest.fixture(scope="module")
def graph(options: dict[str, Any]) -> grimp.ImportGraph:
    return grimp.build_graph(
        *options["session_options"]["root_packages"],
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )


def _contract(options: dict[str, Any], contract_id: str) -> Contract:
    settings: dict[str, Any] = next(c for c in options["contracts_options"] if c["id"] == contract_id)
    return KINDS[settings["type"]](
        name=settings["name"], session_options=options["session_options"], contract_options=settings
    )


def test_that_every_contract_has_a_violation_here(options: dict[str, Any]) -> None:
    assert {c["id"] for c in options["contracts_options"]} == set(VIOLATIONS)


@pytest.mark.parametrize("contract_id", VIOLATIONS)
def test_that_the_contract_is_kept_and_breaks_when_violated(
    contract_id: str, options: dict[str, Any], graph: grimp.ImportGraph
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
