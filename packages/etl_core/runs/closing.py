"""Closing a run: the provisional lines meet the closing listing and become final."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from typing_extensions import Self

from etl_core.errors import ReconciliationError
from etl_core.progress import Progress
from etl_core.runs.index import IndexEntry, upload
from etl_core.runs.ledger import LedgerWriter, read_totals, reconcile, Totals
from etl_core.runs.merge import Cursor
from etl_core.runs.plan import Plan
from etl_core.runs.spool import LineWriter
from etl_core.runs.state import AttemptState
from etl_core.runs.units import Line, Outcome, Reason, Unit
from etl_core.s3.store import ListedObject, ObjectRef, ObjectStore

IN_PLACE = (Outcome.DONE.value, Outcome.UNCHANGED.value)


class Manifest(Protocol):
    """The ledger for people, written to a local file."""

    def write(self, unit: Unit, line: Line) -> None:
        """Write what became of a unit."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


class Closed(NamedTuple):
    """What the closing of a run stored."""

    totals: Totals
    files: dict[str, Any]


class Closing:
    """Writes the final files of an attempt; a context manager closes the local ones.

    :param store: where they go.
    :param state: the keys of the attempt.
    :param folder: for local files.
    :param manifest: opens the manifest.
    :param check: raises when this attempt may not write any more.
    """

    def __init__(
        self,
        store: ObjectStore,
        state: AttemptState,
        folder: Path,
        manifest: Callable[[Path], Manifest],
        check: Callable[[], None],
    ) -> None:
        """Open the local files."""
        self._check = check
        self._store = store
        self._state = state
        self._folder = folder
        self._ledger = LedgerWriter(store, state, folder, check)
        self._index = LineWriter(folder / "index.ndjson.gz")
        self._quarantine = LineWriter(folder / "quarantine.ndjson.gz")
        self._manifest_path = folder / "manifest.csv"
        self._manifest = manifest(self._manifest_path)

    def __enter__(self) -> Self:
        """Return the closing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the local files, whatever became of them."""
        for file in (self._ledger, self._index, self._quarantine, self._manifest):
            file.close()

    def carry(self, entry: IndexEntry) -> None:
        """Keep an index entry whose unit this run left out."""
        self._index.write(entry)

    def write(
        self,
        plan: Plan,
        lines: Iterable[Line],
        listing: Iterable[ListedObject] | None,
        old_index: Cursor[IndexEntry],
    ) -> None:
        """Settle every unit of the plan.

        :param lines: provisional, in the order of the plan.
        :param listing: of the destination after the effects; ``None`` when no effect
            was made since the listing that the lines were decided by.
        :param old_index: shows :meth:`carry` what is not in the plan.
        :raises ReconciliationError: when a unit has no line.
        """
        with Progress(plan.listed, label="units settled") as progress:
            for unit, line in progress.track(settled(plan, lines, listing)):
                old_index.take(unit.destination)
                self._write(unit, line)
        old_index.finish()

    def finish(self, listed: int) -> Closed:
        """Store the files, read the ledger again and reconcile it.

        :param listed: the independent count of the units.
        :raises ReconciliationError: when the stored ledger does not add up to it.
        """
        bucket = self._state.scope.bucket
        parts = self._ledger.finish()
        totals = read_totals(self._store, bucket, parts, self._folder)
        reconcile(listed, totals)
        self._manifest.close()
        self._check()
        with self._manifest_path.open("rb") as body:
            self._store.put(self._state.manifest, body)
        return Closed(
            totals,
            {
                "parts": [part._asdict() for part in parts],
                "manifest": self._state.manifest.key,
                "quarantine": self._stored(self._quarantine, self._state.quarantine),
                "index": self._stored(self._index, self._state.index),
            },
        )

    def _write(self, unit: Unit, line: Line) -> None:
        """Write the final line of a unit wherever it belongs."""
        self._ledger.write(line)
        self._manifest.write(unit, line)
        if line.outcome in IN_PLACE:
            self._index.write(IndexEntry.of(line))
        elif line.outcome == Outcome.QUARANTINED.value:
            self._quarantine.write(line.to_json())

    def _stored(self, lines: LineWriter, ref: ObjectRef) -> dict[str, Any]:
        """Finish a local file and store it."""
        lines.close()
        self._check()
        return upload(self._store, ref, lines.path, lines.lines)._asdict()


def settled(
    plan: Plan, lines: Iterable[Line], listing: Iterable[ListedObject] | None
) -> Iterator[tuple[Unit, Line]]:
    """Yield every unit with its final line.

    :raises ReconciliationError: when a unit has none.
    """
    provisional = Cursor(lines, lambda line: line.destination.key)
    found = Cursor(listing or (), lambda listed: listed.key)
    for unit in plan.units():
        line = provisional.last(unit.destination)
        if line is None:
            raise ReconciliationError(
                f"unit {unit.key} has no outcome; the run stays open"
            )
        if listing is not None:
            line = settle(line, found.last(unit.destination))
        yield unit, check_size(unit, line)


def settle(line: Line, listed: ListedObject | None) -> Line:
    """Return a line as the closing listing confirms it, or quarantined."""
    if line.outcome not in IN_PLACE:
        return line
    if listed is None:
        return _quarantined(line, Reason.DESTINATION_MISSING)
    if line.destination.etag != listed.etag:
        return _quarantined(line, Reason.ETAG_MISMATCH)
    return line._replace(destination=line.destination._replace(size=listed.size))


def check_size(unit: Unit, line: Line) -> Line:
    """Return a line, quarantined when the size is not what the unit says."""
    if line.outcome in IN_PLACE and unit.size not in (None, line.destination.size):
        return _quarantined(line, Reason.SIZE_MISMATCH)
    return line


def _quarantined(line: Line, reason: Reason) -> Line:
    """Return the line with another outcome; the object stays and is named."""
    return line._replace(outcome=Outcome.QUARANTINED.value, reason=reason.value)
