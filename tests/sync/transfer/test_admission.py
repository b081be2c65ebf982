"""A round with an inspector at the door: what is turned away leaves its reason and no byte, and harms nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sync.errors import DoorClosed
from sync.records.case import CaseId
from sync.store.database import Store
from sync.sync_round import run_sync_round
from sync.transfer.door import FileFacts, InspectedSource, InstanceFacts, inspect_instance
from tests.sync.small_hospital import SmallHospital

CASE = CaseId("SO-1")

CRASHED = "opening it made the program that checks it crash"


@dataclass
class Strict:
    """Turns away the instances and files whose names it is given, and notes of the others their length."""

    bad: tuple[str, ...] = ()
    is_closed: bool = False
    seen: list[str] = field(default_factory=list)

    def inspect(self, source: InspectedSource) -> InstanceFacts:
        facts = inspect_instance(source)
        problem = self._problem(source)
        return replace(facts, problem=problem, complete=not problem, display_facts=b"%d bytes" % source.size_bytes)

    def inspect_file(self, source: InspectedSource, content_type: str) -> FileFacts:
        return FileFacts(self._problem(source), b"%d bytes" % source.size_bytes)

    def _problem(self, source: InspectedSource) -> str:
        self.seen.append(source.name)
        if self.is_closed:
            raise DoorClosed("Arriving files cannot be checked on this computer at the moment; none is let in.")
        with source.open() as file:
            assert len(file.read()) == source.size_bytes, "the inspector reads the file, though the vault has none yet"
        return CRASHED if source.name.endswith(self.bad) else ""


def vault_files(store: Store) -> int:
    return len(list((store.directory / "vault").iterdir()))


def test_that_every_object_passes_the_door_before_it_is_kept(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case("SO-1")
    inspector = Strict()
    report = run_sync_round(store, hospital.profile(), inspector=inspector)
    objects = store.objects.list_objects(CASE)
    assert report.complete
    assert len(inspector.seen) == len(objects) == 5
    noted = store.objects.list_file_facts(CASE, [obj.sha256 for obj in objects])
    assert noted == {obj.sha256: b"%d bytes" % obj.size_bytes for obj in objects}


def test_that_a_file_turned_away_is_listed_with_its_reason_and_leaves_no_byte(
    hospital: SmallHospital, store: Store
) -> None:
    hospital.add_case("SO-1")
    report = run_sync_round(store, hospital.profile(), inspector=Strict(bad=("Slide A",)))
    assert (report.complete, report.rejected) == (True, 1)
    rejected = store.objects.list_rejected(CASE)
    assert [item.reason for item in rejected] == [f"“{rejected[0].title}” cannot be used: {CRASHED}."]
    kept = store.objects.list_objects(CASE)
    assert len(kept) == vault_files(store) == 4
    again = Strict(bad=("Slide A",))
    assert run_sync_round(store, hospital.profile(), inspector=again).rejected == 0
    assert again.seen == [], "what was turned away is not fetched anew in every round"


def test_that_an_instance_turned_away_does_not_stop_the_others(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case("SO-1", slide=False)
    report = run_sync_round(store, hospital.profile(), inspector=Strict(bad=(".2",)))
    assert (report.complete, report.rejected) == (True, 1)
    images = [obj for obj in store.objects.list_objects(CASE) if obj.sop_instance_uid]
    assert len(images) == 2
    assert vault_files(store) == len(store.objects.list_objects(CASE))
    [rejected] = store.objects.list_rejected(CASE)
    assert rejected.title.endswith(".2")
    assert CRASHED in rejected.reason


def test_that_a_door_that_cannot_look_lets_nothing_in_and_blames_no_file(hospital: SmallHospital, store: Store) -> None:
    hospital.add_case("SO-1")
    report = run_sync_round(store, hospital.profile(), inspector=Strict(is_closed=True))
    assert not report.complete
    assert store.objects.list_rejected(CASE) == ()
    assert store.objects.list_objects(CASE) == ()
    assert run_sync_round(store, hospital.profile(), inspector=Strict()).complete
    assert len(store.objects.list_objects(CASE)) == 5
