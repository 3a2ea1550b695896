"""The record of a run: opened, resumed by further attempts, closed once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
import secrets
from typing import Any

from etl_core.errors import ConditionFailed, ConfigError, LeaseLost
from etl_core.runs.index import StoredFile
from etl_core.runs.lease import Lease, this_process
from etl_core.runs.records import NO_RECORD, read_record, Record, write_record
from etl_core.runs.state import AttemptState, digest_of, ScopeState
from etl_core.runs.units import utc_now
from etl_core.s3.store import ObjectRef, ObjectStore

OPEN = "open"
CLOSED = "closed"
SUPERSEDED = "superseded"


@dataclass(frozen=True)
class RunSpec:
    """What a run is to do.

    :param job: its name.
    :param version: of the module that the job is in.
    :param bucket: of the destination.
    :param prefix: what all destination keys of the scope begin with.
    :param scope: the arguments that choose the units of the scope.
    :param arguments: the other arguments that decide what is done.
    :param partial: whether these leave out some units of the scope.
    """

    job: str
    version: str
    bucket: str
    prefix: str
    scope: Mapping[str, Any]
    arguments: Mapping[str, Any]
    partial: bool = False

    @property
    def digest(self) -> str:
        """What a start must share with an open run to resume it."""
        return digest_of({**self.scope, **self.arguments})


def new_run_id() -> str:
    """Return a run id; ids sort by time."""
    now = datetime.now(timezone.utc)
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


class Run:
    """One attempt of a run, while its lease is held.

    :param store: where its record is.
    :param scope: the keys of its scope.
    :param record: its record as this attempt wrote or found it.
    """

    def __init__(self, store: ObjectStore, scope: ScopeState, record: Record) -> None:
        """Keep the record."""
        self._store = store
        self._scope = scope
        self._record = record

    @property
    def run_id(self) -> str:
        """The name of the run."""
        return str(self._record.content["run"])

    @property
    def attempt(self) -> int:
        """The number of this attempt, from 1."""
        return len(self._record.content["attempts"])

    @property
    def state(self) -> AttemptState:
        """The keys of this attempt."""
        return self._scope.attempt(self.run_id, self.attempt)

    @property
    def dead_attempts(self) -> list[AttemptState]:
        """The keys of the attempts before this one."""
        return [
            self._scope.attempt(self.run_id, number)
            for number in range(1, self.attempt)
        ]

    @property
    def index(self) -> StoredFile | None:
        """The index that this run works from, or left behind if it is closed."""
        stored = _index_of(self._record.content)
        return StoredFile.from_json(stored) if stored else None

    def continued_by(self, spec: RunSpec) -> bool:
        """Tell whether a start with these arguments would resume it."""
        content = self._record.content
        return bool(content["status"] == OPEN and content["digest"] == spec.digest)

    @property
    def result(self) -> dict[str, Any] | None:
        """What the run came to, when it is closed."""
        return self._record.content.get("result")

    def close(self, result: Mapping[str, Any], files: Mapping[str, Any]) -> None:
        """Close the run; from now on it counts.

        :param result: what is printed.
        :param files: what it left in the bucket, for later runs and operators.
        :raises LeaseLost: when another attempt was started meanwhile.
        """
        content = {
            **self._record.content,
            **files,
            "status": CLOSED,
            "closed": utc_now(),
            "result": dict(result),
        }
        self._write(content)

    def supersede(self, by: str) -> None:
        """Note that a run with other arguments was started instead."""
        ended = {"status": SUPERSEDED, "superseded": utc_now(), "by": by}
        self._write({**self._record.content, **ended})

    def _write(self, content: dict[str, Any]) -> None:
        """Replace the record, if no other attempt did."""
        ref = self._scope.record(self.run_id)
        self._record = _write_record(self._store, ref, content, self._record.etag)


class RunOpener:
    """Finds the run that a start continues, or begins one.

    :param store: where the records are.
    :param scope: the keys of the scope.
    :param spec: what is to be done.
    :param wanted: the run id that was asked for, if any.
    :param origin: what else the record of a new run says of its start.
    """

    def __init__(
        self,
        store: ObjectStore,
        scope: ScopeState,
        spec: RunSpec,
        wanted: str | None = None,
        origin: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep the parts."""
        self._origin = origin or {}
        self.scope = scope
        self._store = store
        self._spec = spec
        self._wanted = wanted

    def peek(self) -> Run | None:
        """Return the run that a start would continue or build on; write nothing."""
        lease = read_record(self._store, self.scope.lease).content
        newest = self._newest(lease.get("run"), lease.get("previous"))
        return Run(self._store, self.scope, newest) if newest.content else None

    def open(self, lease: Lease) -> Run:
        """Resume the open run of the same arguments, or begin a new one.

        A closed run is returned as it is when it is the one that was asked for: a
        pod that died after closing it is started again with the same id.

        :raises ConfigError: when the run id belongs to a run with other arguments.
        """
        newest = self._newest(lease.run_id, lease.previous_run_id)
        content = newest.content
        if content and content["digest"] == self._spec.digest:
            if content["status"] == OPEN and self._wanted in (None, content["run"]):
                return self._resume(newest, lease)
            if self._wanted == content["run"]:
                return Run(self._store, self.scope, newest)
        if self._wanted:
            self._refuse_if_used(self._wanted)
        return self._begin(newest, lease)

    def _newest(self, run_id: str | None, previous: str | None) -> Record:
        """Return the record of the newest run that got as far as having one."""
        for candidate in (run_id, previous):
            if candidate:
                found = read_record(self._store, self.scope.record(candidate))
                if found.content:
                    return found
        return NO_RECORD

    def _refuse_if_used(self, run_id: str) -> None:
        """Return when no run has this id yet."""
        ref = self.scope.record(run_id)
        if read_record(self._store, ref).content:
            raise ConfigError(
                f"--run-id {run_id} names a run that was started with other arguments "
                f"or superseded ({ref.url}); choose another id"
            )

    def _resume(self, newest: Record, lease: Lease) -> Run:
        """Begin the next attempt of an open run."""
        attempts = [*newest.content["attempts"], self._attempt(lease)]
        record = _write_record(
            self._store,
            self.scope.record(newest.content["run"]),
            {**newest.content, "attempts": attempts},
            newest.etag,
        )
        return Run(self._store, self.scope, record)

    def _begin(self, newest: Record, lease: Lease) -> Run:
        """Begin a run.

        The lease names it first and the record follows: a crash in between leaves a
        name without a record, behind which the previous run is still found.
        """
        run_id = self._wanted or new_run_id()
        lease.name_run(run_id, newest.content.get("run"))
        if newest.content and newest.content["status"] == OPEN:
            Run(self._store, self.scope, newest).supersede(run_id)
        content = {
            **self._origin,
            "run": run_id,
            "job": self._spec.job,
            "version": self._spec.version,
            "status": OPEN,
            "scope": dict(self._spec.scope),
            "arguments": dict(self._spec.arguments),
            "digest": self._spec.digest,
            "destination": {"bucket": self._spec.bucket, "prefix": self._spec.prefix},
            "partial": self._spec.partial,
            "base_index": _index_of(newest.content),
            "attempts": [self._attempt(lease)],
        }
        record = _write_record(self._store, self.scope.record(run_id), content, "")
        return Run(self._store, self.scope, record)

    def _attempt(self, lease: Lease) -> dict[str, Any]:
        """Say who makes an attempt."""
        return {"epoch": lease.epoch, "holder": this_process(), "started": utc_now()}


def _write_record(
    store: ObjectStore, ref: ObjectRef, content: dict[str, Any], etag: str
) -> Record:
    """Replace the record of a run, if no other attempt did.

    :raises LeaseLost: when one did, which only who took over the lease can.
    """
    try:
        return write_record(store, ref, content, etag)
    except ConditionFailed as error:
        raise LeaseLost(
            f"{ref.url} was changed by another attempt; this one wrote nothing more"
        ) from error


def _index_of(content: Mapping[str, Any]) -> Any:  # noqa: ANN401 (stored JSON)
    """Return the newest index that a run knows of."""
    return content.get("index") or content.get("base_index")
