"""`sync.transfer.door.ObjectInspector` by the checking children: they open what arrives before anything else does."""

from __future__ import annotations

from datetime import date
from typing import Any

from sync.errors import DoorClosed
from sync.transfer.door import FileFacts, InspectedSource, InstanceFacts
from workstation.door.inspection_pool import Finding, InspectionPool, PoolClosed
from workstation.door.object_checks import FILE, INSTANCE


class ProcessInspector:
    """Looks into files in processes apart. `close` ends them; may be called from several threads at once."""

    def __init__(self, pool: InspectionPool | None = None) -> None:
        self._pool = pool or InspectionPool()

    def inspect(self, source: InspectedSource) -> InstanceFacts:
        """The facts of one DICOM instance, every compressed frame of which was decoded."""
        found = self._find(source, kind=INSTANCE)
        facts = found.facts
        born = facts.get("birth_date")
        try:
            return InstanceFacts(
                study_uid=str(facts.get("study_uid", "")),
                series_uid=str(facts.get("series_uid", "")),
                sop_instance_uid=str(facts.get("sop_instance_uid", "")),
                patient_id=str(facts.get("patient_id", "")),
                patient_name=str(facts.get("patient_name", "")),
                birth_date=date.fromisoformat(born) if born else None,
                complete=not found.problem,
                problem=found.problem,
                proves_its_end=bool(facts.get("proves_its_end")),
                display_facts=found.blob,
            )
        except (TypeError, ValueError):
            return InstanceFacts(problem="what it says of itself cannot be read")

    def inspect_file(self, source: InspectedSource, content_type: str) -> FileFacts:
        """Whether a slide, document or picture may be let in."""
        found = self._find(source, kind=FILE, content_type=content_type)
        return FileFacts(found.problem, found.blob)

    def close(self) -> None:
        """Check no more, and end the processes."""
        self._pool.close()

    def _find(self, source: InspectedSource, **request: Any) -> Finding:
        try:
            return self._pool.check(source, **request)
        except PoolClosed as error:
            raise DoorClosed(
                "Arriving files cannot be checked on this computer at the moment; none is let in."
            ) from error
