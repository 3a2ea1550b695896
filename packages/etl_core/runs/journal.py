"""The journal: provisional outcomes, stored while an attempt works.

It is what the next attempt knows of effects that a dead one made. Each part is
sorted and immutable; the final word is the ledger's.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
import time

from etl_core.runs.spool import SortedSpool
from etl_core.runs.state import AttemptState, ScopeState
from etl_core.runs.units import Line, Outcome, PENDING
from etl_core.s3.listing import list_objects
from etl_core.s3.store import ObjectRef, ObjectStore

FLUSH_SECONDS = 15.0


def _order(line: Line) -> tuple[str, int]:
    """Sort by destination key, then attempt."""
    return line.destination.key, line.attempt


class Journal:
    """Keeps the lines of one attempt, on disk and in the bucket.

    :param store: where the parts go.
    :param state: the keys of the attempt.
    :param folder: for local files.
    :param check: raises when this attempt may not write any more.
    :param clock: seconds that only rise.
    """

    def __init__(
        self,
        store: ObjectStore,
        state: AttemptState,
        folder: Path,
        check: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start empty."""
        self._store = store
        self._state = state
        self._check = check
        self._clock = clock
        self._spool = SortedSpool(folder, _order, Line)
        self._flushed_at = clock()
        self._parts = 0
        self.done = 0
        self.pending = 0

    def add(self, line: Line) -> None:
        """Keep a line; store a part when enough lines or seconds have passed."""
        self.done += line.outcome == Outcome.DONE.value
        self.pending += line.outcome == PENDING
        self._upload(self._spool.add(line))
        if self._clock() - self._flushed_at >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Store what is not stored yet."""
        self._upload(self._spool.flush())
        self._flushed_at = self._clock()

    def sorted_lines(self) -> Iterator[Line]:
        """Yield the lines in the order of their destination keys."""
        return iter(self._spool)

    def _upload(self, chunk: Path | None) -> None:
        """Store a chunk as a part, if this attempt still may."""
        if chunk is None:
            return
        self._check()
        self._parts += 1
        with chunk.open("rb") as body:
            self._store.put(self._state.journal(self._parts), body)


def read_journals(
    store: ObjectStore, scope: ScopeState, run_id: str, attempts: int, folder: Path
) -> Iterator[Line]:
    """Yield what earlier attempts of a run noted, sorted by destination and attempt.

    :param attempts: how many there were.
    """
    # A folder of its own: the spool of this attempt's journal names its files alike.
    folder = folder / "earlier"
    folder.mkdir()
    spool = SortedSpool(folder, _order, Line)
    for attempt in range(1, attempts + 1):
        prefix = scope.attempt(run_id, attempt).journal_prefix
        for found in list_objects(store, prefix.bucket, prefix.key):
            path = folder / f"{attempt}-{found.key.rpartition('=')[2]}"
            with path.open("wb+") as sink:
                store.get(ObjectRef(prefix.bucket, found.key), sink)
            spool.adopt(path)
    return iter(spool)
