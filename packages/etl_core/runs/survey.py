"""Walks over the plan with all that is known of each unit, in one pass."""

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
import sqlite3
from typing import NamedTuple

from etl_core.runs.decisions import Decider, Known, Task
from etl_core.runs.index import download, IndexEntry, StoredFile
from etl_core.runs.journal import read_journals
from etl_core.runs.merge import Cursor
from etl_core.runs.plan import Plan
from etl_core.runs.run import RunSpec
from etl_core.runs.spool import read_lines
from etl_core.runs.state import ScopeState
from etl_core.runs.units import Line, Unit
from etl_core.s3.listing import list_objects
from etl_core.s3.store import ListedObject, ObjectRef, ObjectStore


class Sources:
    """What the sources of a plan are now, listed once and kept on disk.

    Source keys are in no order that the plan knows, so that they cannot be merged.

    :param store: is listed below what the source keys have in common.
    :param path: of the local database.
    """

    def __init__(self, store: ObjectStore, plan: Plan, path: Path) -> None:
        """List the sources."""
        self._rows = sqlite3.connect(path)
        self._rows.execute("PRAGMA journal_mode = OFF")
        self._rows.execute("PRAGMA synchronous = OFF")
        self._rows.execute(
            "CREATE TABLE source (bucket, key, etag, size, PRIMARY KEY (bucket, key)) "
            "WITHOUT ROWID"
        )
        for bucket, prefix in _common_prefixes(plan).items():
            self._rows.executemany(
                "INSERT INTO source VALUES (?, ?, ?, ?)",
                ((bucket, *it[:3]) for it in list_objects(store, bucket, prefix)),
            )

    def find(self, ref: ObjectRef) -> ListedObject | None:
        """Return a source as it was listed."""
        found = self._rows.execute(
            "SELECT key, etag, size FROM source WHERE bucket = ? AND key = ?", ref
        ).fetchone()
        return ListedObject(*found) if found else None

    def close(self) -> None:
        """Forget the listing."""
        self._rows.close()


def _common_prefixes(plan: Plan) -> dict[str, str]:
    """Return what the source keys of each bucket have in common."""
    common: dict[str, str] = {}
    for unit in plan.units():
        bucket, key = unit.source
        if unit.skip is None:
            common[bucket] = _common(common.get(bucket, key), key)
    return common


def _common(one: str, other: str) -> str:
    """Return what two keys begin with, character by character."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return "".join(character for character, _ in same)


class IndexFile:
    """The entries of an index; can be read more than once.

    :param store: where it is fetched from.
    :param bucket: of the state.
    :param stored: what is fetched; ``None`` when there is no index yet.
    :param path: of the local copy.
    """

    def __init__(
        self, store: ObjectStore, bucket: str, stored: StoredFile | None, path: Path
    ) -> None:
        """Fetch the index."""
        self._path = download(store, bucket, stored, path) if stored else None

    def __iter__(self) -> Iterator[IndexEntry]:
        """Yield the entries in the order of their keys."""
        return read_lines(self._path, IndexEntry) if self._path else iter(())


class Past(NamedTuple):
    """What was written before an attempt begins.

    :param run_id: of the run that is continued.
    :param attempts: how many attempts of it there were.
    :param base: the index that the run works from.
    """

    run_id: str
    attempts: int
    base: StoredFile | None


NOTHING = Past("", 0, None)


class Survey:
    """Decides for every unit of a plan, merging all that is known by key.

    :param store: of the destination and the state.
    :param spec: what the run is to do.
    :param scope: the keys of the scope.
    :param past: what was written before.
    :param folder: for local files.
    """

    def __init__(
        self,
        store: ObjectStore,
        spec: RunSpec,
        scope: ScopeState,
        past: Past,
        folder: Path,
    ) -> None:
        """Fetch the index."""
        self._store = store
        self._spec = spec
        self._scope = scope
        self._past = past
        self._folder = folder
        self.index = IndexFile(
            store, scope.bucket, past.base, folder / "base.ndjson.gz"
        )

    def listing(self, plan: Plan) -> Iterator[ListedObject]:
        """List the destination, where the plan has most of what is there."""
        spec = self._spec
        return list_objects(self._store, spec.bucket, spec.prefix, plan.marks)

    def decisions(
        self, plan: Plan, check_source: bool
    ) -> Iterator[tuple[Unit, Line | Task]]:
        """Yield every unit, in the order of the plan, with what is to be done.

        :param check_source: list the sources too, to find those that changed.
        """
        decider = Decider(self._spec.bucket, self._past.attempts + 1, check_source)
        entries = Cursor(self.index, lambda entry: entry.key)
        listed = Cursor(self.listing(plan), lambda found: found.key)
        lines = Cursor(self._earlier(), lambda line: line.destination.key)
        sources = self._sources(plan) if check_source else None
        for unit in plan.units():
            key = unit.destination
            known = Known(
                entries.last(key),
                listed.last(key),
                lines.take(key),
                sources.find(unit.source) if sources else None,
            )
            yield unit, decider.decide(unit, known)
        if sources:
            sources.close()

    def _earlier(self) -> Iterator[Line]:
        """Yield what earlier attempts of the run noted."""
        past = self._past
        return read_journals(
            self._store, self._scope, past.run_id, past.attempts, self._folder
        )

    def _sources(self, plan: Plan) -> Sources:
        """List the sources."""
        return Sources(self._store, plan, self._folder / "sources.db")
