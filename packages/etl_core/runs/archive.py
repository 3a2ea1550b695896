"""The runs that a bucket remembers, found and read one at a time."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
import difflib
import heapq
from itertools import groupby, islice
import re
import shlex
from typing import Any, NamedTuple

from etl_core.errors import ConfigError
from etl_core.runs.index import StoredFile
from etl_core.runs.lease import seems_alive
from etl_core.runs.records import read_record
from etl_core.runs.run import OPEN
from etl_core.runs.shards import shard_scopes
from etl_core.runs.state import ScopeState
from etl_core.runs.units import Outcome
from etl_core.s3.listing import list_objects
from etl_core.s3.store import ObjectRef, ObjectStore

ALIVE = "alive"
DEAD = "dead"
SHOWN = 5

_RECORD = re.compile(r"(job=[^/]+/scope=[^/]+/)run=([^/]+)/run\.json")
_DATED = re.compile(r"([0-9]{8}T[0-9]{6})-[0-9a-f]{8}")
_QUARANTINED = f"{Outcome.QUARANTINED.value}: "


class RunName(NamedTuple):
    """Which run, of which scope."""

    scope: ScopeState
    run_id: str

    @property
    def path(self) -> str:
        """The digest of the scope and the run, which together are unique."""
        digest = self.scope.folder.rpartition("/scope=")[2]
        return f"{digest}{self.run_id}"

    @property
    def second(self) -> str:
        """When the run was started, as far as its name says."""
        found = _DATED.fullmatch(self.run_id)
        return found[1] if found else ""


@dataclass(frozen=True)
class StoredRun:
    """The record of a run, as somebody else reads it.

    :param scope: where it lies.
    :param content: of ``run.json``.
    """

    scope: ScopeState
    content: Mapping[str, Any]

    @property
    def run_id(self) -> str:
        """The name of the run."""
        return str(self.content["run"])

    @property
    def job(self) -> str:
        """The name of its job."""
        return str(self.content["job"])

    @property
    def status(self) -> str:
        """``open``, ``closed`` or ``superseded``."""
        return str(self.content["status"])

    @property
    def started(self) -> str:
        """When the first attempt began."""
        return str(self.content["attempts"][0]["started"])

    @property
    def ended(self) -> str | None:
        """When it was closed or superseded."""
        found = self.content.get("closed") or self.content.get("superseded")
        return str(found) if found else None

    @property
    def parent(self) -> str | None:
        """The run whose quarantine it replays."""
        return self.content.get("parent")

    @property
    def result(self) -> Mapping[str, Any]:
        """What it printed when it was closed."""
        return self.content.get("result") or {}

    @property
    def argv(self) -> list[str]:
        """The arguments that it was started with."""
        return list(self.content.get("argv", ()))

    @property
    def narrowed_by(self) -> list[str]:
        """Those of them that leave out some units of the scope."""
        return list(self.content.get("narrowed_by", ()))

    @property
    def totals(self) -> dict[str, int]:
        """Units by outcome, once it is closed."""
        names = ("listed", *(outcome.value for outcome in Outcome), "bytes")
        return {name: self.result[name] for name in names if name in self.result}

    @property
    def quarantined(self) -> dict[str, int]:
        """Quarantined units by reason."""
        reasons: Mapping[str, int] = self.result.get("reasons", {})
        return {
            name.removeprefix(_QUARANTINED): count
            for name, count in reasons.items()
            if name.startswith(_QUARANTINED)
        }

    @property
    def parts(self) -> list[StoredFile]:
        """The ledger."""
        return [StoredFile.from_json(part) for part in self.content.get("parts", ())]

    @property
    def index_key(self) -> str | None:
        """The index that a later run builds on."""
        found = self.content.get("index") or self.content.get("base_index")
        return str(found["key"]) if found else None

    @property
    def destination(self) -> ObjectRef:
        """The bucket of its objects, and what their keys begin with."""
        place = self.content["destination"]
        return ObjectRef(place["bucket"], place["prefix"])

    @property
    def complete(self) -> bool:
        """Whether it judges every unit of its scope."""
        return not self.content["partial"]

    def file(self, name: str) -> str | None:
        """Return where the manifest or the quarantine lies."""
        found = self.content.get(name)
        key = found["key"] if isinstance(found, Mapping) else found
        return ObjectRef(self.scope.bucket, key).url if key else None

    def lease_state(self, lease: Mapping[str, Any], now: datetime) -> str | None:
        """Tell whether somebody works on an open run; ``None`` when it is not open."""
        if self.status != OPEN:
            return None
        works = lease.get("run") == self.run_id and seems_alive(lease, now)
        return ALIVE if works else DEAD

    @property
    def shard(self) -> str | None:
        """Which part of a run it is, or of how many it consists."""
        count = self.content.get("shards")
        return f"all {count}" if count else self.content.get("shard")

    @property
    def shards(self) -> list[ScopeState]:
        """The scopes of the shards that the run consists of; none for a plain one."""
        count = self.content.get("shards") or 0
        return shard_scopes(self.scope, self.content["scope"], count) if count else []

    def command(self, program: str) -> str:
        """Return the command that started it."""
        return f"{program} run {self.job} -- {shlex.join(self.argv)}"


class Archive:
    """Finds runs below one state prefix.

    :param store: where it is.
    :param state: bucket and prefix; the prefix is empty or ends in a slash.
    """

    def __init__(self, store: ObjectStore, state: ObjectRef) -> None:
        """Read nothing yet."""
        self.store = store
        self.state = state

    def names(self, job: str | None = None) -> Iterator[RunName]:
        """Yield all runs, or those of a job, those of a scope together."""
        prefix = f"{self.state.key}job={job}/" if job else f"{self.state.key}job="
        for found in list_objects(self.store, self.state.bucket, prefix):
            record = _RECORD.fullmatch(found.key.removeprefix(self.state.key))
            if record:
                folder = self.state.key + record[1]
                yield RunName(ScopeState(self.state.bucket, folder), record[2])

    def scopes(self, job: str | None = None) -> Iterator[list[RunName]]:
        """Yield the runs of each scope."""
        for _, names in groupby(self.names(job), key=lambda name: name.scope):
            yield list(names)

    def newest(self, job: str | None, limit: int) -> list[StoredRun]:
        """Return the runs that were started last, the newest first."""
        return list(islice(self.newest_first(self.names(job)), limit))

    def newest_first(self, names: Iterable[RunName]) -> Iterator[StoredRun]:
        """Yield runs by the time of their start, reading no more than are taken.

        Those that were given a name have to be read first, to learn when that was.
        """
        by_second = sorted(names, key=lambda name: name.second, reverse=True)
        groups = [list(group) for _, group in groupby(by_second, lambda it: it.second)]
        named = groups.pop() if groups and not groups[-1][0].second else []
        dated = (run for group in groups for run in self._sorted(group))
        return heapq.merge(
            dated, self._sorted(named), key=lambda run: run.started, reverse=True
        )

    def read(self, name: RunName) -> StoredRun | None:
        """Return the record of a run, or ``None`` when it was removed meanwhile."""
        content = read_record(self.store, name.scope.record(name.run_id)).content
        return StoredRun(name.scope, content) if content else None

    def read_all(self, names: Iterable[RunName]) -> list[StoredRun]:
        """Return the records that are still there."""
        return [run for run in map(self.read, names) if run]

    def find(self, text: str) -> StoredRun:
        """Return the run with a name, the beginning of one, or ``<scope>/<name>``.

        :raises ConfigError: when there is none, or more than one.
        """
        names = list(self.names())
        exact = [it for it in names if text in (it.run_id, it.path)]
        fits = exact or [
            it for it in names if it.run_id.startswith(text) or it.path.startswith(text)
        ]
        found = self._one_of_all(fits) or self.read_all(fits[:2])
        if len(found) > 1:
            shown = ", ".join(it.path for it in fits[:SHOWN])
            raise ConfigError(
                f"{text!r} names {len(fits)} runs; choose one of: {shown}"
            )
        if not found:
            raise ConfigError(self._unknown(text, [it.run_id for it in names]))
        return found[0]

    def lease(self, scope: ScopeState) -> dict[str, Any]:
        """Return who works on a scope."""
        return read_record(self.store, scope.lease).content

    def holder(self, run: StoredRun) -> tuple[str | None, dict[str, Any]]:
        """Tell whether somebody works on a run, and show the lease.

        One of its shards is enough.
        """
        if run.ended:
            return None, {}
        leases = [self.lease(scope) for scope in run.shards or [run.scope]]
        found = [(run.lease_state(lease, now()), lease) for lease in leases]
        return min(found, key=lambda it: it[0] != ALIVE)

    def _one_of_all(self, names: list[RunName]) -> list[StoredRun]:
        """Return the run that consists of all others with its name, if one does."""
        if len(names) < 2 or len({it.run_id for it in names}) > 1:
            return []
        return [run for run in self.read_all(names) if run.shards]

    def _sorted(self, names: Iterable[RunName]) -> Iterator[StoredRun]:
        """Read runs and yield them, the newest first."""
        found = self.read_all(names)
        yield from sorted(found, key=lambda run: run.started, reverse=True)

    def _unknown(self, text: str, known: list[str]) -> str:
        """Say that there is no such run, and which may be meant."""
        close = difflib.get_close_matches(text, known, n=3, cutoff=0.5)
        hint = f"did you mean {', '.join(close)}? " if close else ""
        return (
            f"no run is called {text!r} in {self.state.url} ({len(known)} runs); "
            f"{hint}see the command runs, or name another place with --state"
        )


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(timezone.utc)
