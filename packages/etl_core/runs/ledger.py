"""The ledger: exactly one line a unit, stored in parts with checksums."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from etl_core.errors import ReconciliationError
from etl_core.runs.index import download, StoredFile, upload
from etl_core.runs.merge import merged
from etl_core.runs.spool import LineWriter, read_lines
from etl_core.runs.state import AttemptState
from etl_core.runs.units import Line, Outcome
from etl_core.s3.store import ObjectStore

PART_LINES = 50_000


class Totals(NamedTuple):
    """What a ledger adds up to.

    :param outcomes: units by outcome.
    :param reasons: units by ``outcome: reason``.
    :param bytes: size of the objects that are done.
    """

    outcomes: dict[str, int]
    reasons: dict[str, int]
    bytes: int


class LedgerWriter:
    """Writes the final lines of an attempt, part by part.

    :param store: where the parts go.
    :param state: the keys of the attempt.
    :param folder: for local files.
    :param check: raises when this attempt may not write any more.
    """

    def __init__(
        self,
        store: ObjectStore,
        state: AttemptState,
        folder: Path,
        check: Callable[[], None],
    ) -> None:
        """Start empty."""
        self._check = check
        self._store = store
        self._state = state
        self._path = folder / "part.ndjson.gz"
        self._part = LineWriter(self._path)
        self._first = self._last = ""
        self.parts: list[StoredFile] = []

    def write(self, line: Line) -> None:
        """Write one line."""
        self._last = line.destination.key
        self._first = self._first or self._last
        self._part.write(line.to_json())
        if self._part.lines >= PART_LINES:
            self._store_part()
            self._part = LineWriter(self._path)

    def finish(self) -> list[StoredFile]:
        """Store the last part and return all of them."""
        if self._part.lines or not self.parts:
            self._store_part()
        return self.parts

    def close(self) -> None:
        """Close the local file, whatever became of it."""
        self._part.close()

    def _store_part(self) -> None:
        """Store the part that is open."""
        self._part.close()
        self._check()
        ref = self._state.part(len(self.parts) + 1)
        stored = upload(self._store, ref, self._path, self._part.lines)
        self.parts.append(stored._replace(first=self._first, last=self._last))
        self._first = ""


def read_parts(
    store: ObjectStore, bucket: str, parts: Iterable[StoredFile], folder: Path
) -> Iterator[dict[str, Any]]:
    """Yield the lines of stored parts, in the order of their destination keys.

    Parts of one attempt follow each other, and one at a time is on the disk; those of
    several shards are merged.

    :raises DataError: when a part is not what was written.
    """

    def lines(number: int, group: Iterable[StoredFile]) -> Iterator[dict[str, Any]]:
        """Yield the lines of one attempt."""
        for stored in group:
            path = folder / f"again-{number}"
            yield from read_lines(download(store, bucket, stored, path))

    attempts = groupby(parts, key=lambda it: it.key.rpartition("/")[0])
    groups = [list(group) for _, group in attempts]
    streams = [lines(number, group) for number, group in enumerate(groups)]
    if len(streams) == 1:
        return streams[0]
    return merged(*streams, key=lambda line: str(line["destination"]["key"]))


class _Sized(msgspec.Struct):
    """The part of a destination that is added up."""

    size: int | None


class _Counted(msgspec.Struct):
    """The part of a line that is counted; the rest is not even decoded."""

    outcome: str
    reason: str
    destination: _Sized


def read_totals(
    store: ObjectStore, bucket: str, parts: Iterable[StoredFile], folder: Path
) -> Totals:
    """Read the stored parts again and add them up.

    :raises DataError: when a part is not what was written.
    """
    outcomes = Counter({outcome.value: 0 for outcome in Outcome})
    reasons: Counter[str] = Counter()
    done_bytes = 0
    for stored in parts:
        path = download(store, bucket, stored, folder / "again")
        for line in read_lines(path, _Counted):
            outcomes[line.outcome] += 1
            reasons[f"{line.outcome}: {line.reason}"] += 1
            if line.outcome == Outcome.DONE.value:
                done_bytes += line.destination.size
    return Totals(dict(outcomes), dict(reasons), done_bytes)


def reconcile(listed: int, totals: Totals) -> None:
    """Return when the ledger accounts for every unit that was listed.

    :raises ReconciliationError: when it does not.
    """
    accounted = sum(totals.outcomes.values())
    unknown = set(totals.outcomes) - {outcome.value for outcome in Outcome}
    if accounted != listed or unknown:
        raise ReconciliationError(
            f"{listed} units were listed but the stored ledger accounts for "
            f"{accounted}; the run stays open",
            listed=listed,
            **totals.outcomes,
        )
