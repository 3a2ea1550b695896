"""Whether the destination still is what the ledger of a run says."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from etl_core.errors import ConfigError
from etl_core.runs.archive import Archive, StoredRun
from etl_core.runs.closing import IN_PLACE
from etl_core.runs.ledger import read_parts
from etl_core.runs.merge import Cursor
from etl_core.runs.run import CLOSED
from etl_core.runs.units import Line
from etl_core.s3.listing import list_objects
from etl_core.s3.store import ListedObject, ObjectRef

AGREES = "agrees"
DIFFERS = "differs"


@dataclass
class Findings:
    """What was found of one kind: how many, and the first few.

    :param shown: how many are kept.
    """

    shown: int
    count: int = 0
    first: list[dict[str, Any]] = field(default_factory=list)

    def add(self, **facts: object) -> None:
        """Count one."""
        self.count += 1
        if len(self.first) < self.shown:
            self.first.append(facts)


class Verification:
    """Compares one closed run with a listing of its destination.

    :param archive: where the run is recorded.
    :param run: is compared.
    :param shown: how many findings of each kind are named.
    :raises ConfigError: when the run has no ledger.
    """

    def __init__(self, archive: Archive, run: StoredRun, shown: int) -> None:
        """Find nothing yet."""
        if run.status != CLOSED:
            raise ConfigError(
                f"run {run.run_id} is {run.status} and has no ledger to compare with; "
                "verify the run that closed"
            )
        self._archive = archive
        self._run = run
        # Another run of the scope may have left what a partial one does not name,
        # another shard what this one does not.
        self._judges_extra = run.complete and not run.content.get("shard")
        self._missing = Findings(shown)
        self._changed = Findings(shown)
        self._extra = Findings(shown)
        self._units = 0

    def compare(self, folder: Path) -> dict[str, Any]:
        """Read ledger and listing once, side by side, and return what was found.

        :param folder: for local files.
        """
        run, store = self._run, self._archive.store
        listing = list_objects(store, run.destination.bucket, run.destination.key)
        found = Cursor(listing, lambda listed: listed.key, self._see_extra)
        for stored in read_parts(store, run.scope.bucket, run.parts, folder):
            line = Line.from_json(stored)
            self._see(line, found.last(line.destination.key))
        found.finish()
        return self._result()

    @property
    def agrees(self) -> bool:
        """Whether nothing was found."""
        kinds = (self._missing, self._changed, self._extra)
        return not any(findings.count for findings in kinds)

    def _see(self, line: Line, listed: ListedObject | None) -> None:
        """Compare one unit."""
        self._units += 1
        if line.outcome not in IN_PLACE:
            return
        key, made = line.destination.key, line.destination
        if listed is None:
            self._missing.add(key=key, unit=line.unit)
        elif (made.etag, made.size) != (listed.etag, listed.size):
            self._changed.add(
                key=key,
                unit=line.unit,
                etag=made.etag,
                etag_now=listed.etag,
                size=made.size,
                size_now=listed.size,
            )

    def _see_extra(self, listed: ListedObject) -> None:
        """Take note of an object that no unit names, unless it is one of ours."""
        state, place = self._archive.state, self._run.destination
        ours = place.bucket == state.bucket and listed.key.startswith(state.key)
        if self._judges_extra and not ours:
            self._extra.add(key=listed.key, size=listed.size)

    def _result(self) -> dict[str, Any]:
        """Return what is printed."""
        run = self._run
        return {
            "run_id": run.run_id,
            "job": run.job,
            "status": AGREES if self.agrees else DIFFERS,
            "destination": ObjectRef(*run.destination).url,
            "newest_run": self._archive.lease(run.scope).get("run"),
            "units": self._units,
            "missing": self._missing.count,
            "changed": self._changed.count,
            "extra": self._extra.count if self._judges_extra else None,
            "first_missing": self._missing.first,
            "first_changed": self._changed.first,
            "first_extra": self._extra.first,
        }
