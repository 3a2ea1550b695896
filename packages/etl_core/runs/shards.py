"""The run that shards make together.

Each shard has a scope, a lease and a run of its own; all of these runs have one id.
The scope without a shard holds the run that they add up to: the shard that comes
first opens it, and the one that closes last closes it. ``shards.json`` beside it says
how many shards there are, for as long as one of them lives.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from etl_core import logs
from etl_core.errors import ConditionFailed, ConfigError, TransientError
from etl_core.options import RunOptions
from etl_core.runs.index import download, StoredFile, upload
from etl_core.runs.lease import seems_alive, this_process
from etl_core.runs.ledger import reconcile, Totals
from etl_core.runs.merge import merged
from etl_core.runs.records import read_record, write_record
from etl_core.runs.run import CLOSED, OPEN, RunSpec, SUPERSEDED
from etl_core.runs.spool import LineWriter, read_lines
from etl_core.runs.state import AttemptState, ScopeState
from etl_core.runs.units import Outcome, utc_now
from etl_core.s3.store import ObjectStore
from etl_core.support.shards import Shard

TRIES = 20
NOT_STARTED = "not started"

logger = logs.get_logger()


def shard_scopes(
    whole: ScopeState, scope: Mapping[str, Any], count: int
) -> list[ScopeState]:
    """Return the scopes of all shards.

    :param whole: the scope without a shard.
    :param scope: the arguments that it stands for.
    :param count: how many shards there are.
    """
    shards = (str(Shard(index, count)) for index in range(count))
    return [whole.sibling({**scope, "shard": shard}) for shard in shards]


class ShardedRun:
    """What one shard does for the run of all.

    :param store: where the records are.
    :param scope: of this shard.
    :param spec: of this shard.
    :param options: with its shard and, when there is to be one run, its id.
    :param origin: what the record says of the start.
    """

    def __init__(
        self,
        store: ObjectStore,
        scope: ScopeState,
        spec: RunSpec,
        options: RunOptions,
        origin: Mapping[str, Any],
    ) -> None:
        """Derive the run of all from that of one."""
        self._store = store
        self._shard = options.shard or Shard(0, 1)
        self._run_id = options.run_id
        self._spec = replace(spec, scope={**spec.scope, "shard": None})
        self._scope = scope.sibling(self._spec.scope)
        self._origin = origin

    def join(self) -> None:
        """Agree with the other shards on how many there are; open the run of all.

        It is called while the lease of this shard is held, so that of two starts that
        disagree at least one sees the other. Killed anywhere, it is simply called
        again: the record that it writes last names what was there before.

        :raises ConfigError: when they are another number, or do something else.
        """
        for _ in range(TRIES):
            seen = read_record(self._store, self._scope.shards)
            run_id = self._run_id or seen.content.get("run")
            mine = {"shards": self._shard.count, "run": run_id}
            if seen.content == mine:
                return
            before = seen.content.get("shards", self._shard.count)
            self._refuse_others(before)
            if self._run_id:
                self._open(self._run_id)
                self._supersede(seen.content.get("run"))
            try:
                write_record(self._store, self._scope.shards, mine, seen.etag)
            except ConditionFailed:
                continue
            self._refuse_others(before)
            return
        raise TransientError(
            f"{self._scope.shards.url} is changed by other shards all the time; start "
            "the same command to continue"
        )

    def merge(self, run_id: str, folder: Path) -> str | None:
        """Close the run of all when every shard has closed its own.

        What is written depends on the records of the shards only: two that close at
        once write the same.

        :param run_id: of this shard, which is closed.
        :param folder: for local files.
        :returns: where the record of the run of all is, ``None`` while it is open.
        """
        ref = self._scope.record(run_id)
        whole = read_record(self._store, ref)
        if whole.content.get("status") == CLOSED:
            return ref.url
        shards = list(self._closed(run_id)) if whole.content else []
        if len(shards) < self._shard.count or whole.content["status"] != OPEN:
            return None
        content = self._merged(whole.content, shards, folder)
        try:
            write_record(self._store, ref, content, whole.etag)
        except ConditionFailed:
            return self.merge(run_id, folder)
        logger.info("all shards are closed", shards=len(shards), record=ref.url)
        return ref.url

    def _scopes(self, count: int) -> list[ScopeState]:
        """Return the scopes of so many shards."""
        return shard_scopes(self._scope, self._spec.scope, count)

    def _refuse_others(self, count: int) -> None:
        """Return when nobody works on a shard of another number of shards.

        :raises ConfigError: when somebody does.
        """
        if count == self._shard.count:
            return
        for index, scope in enumerate(self._scopes(count)):
            if seems_alive(read_record(self._store, scope.lease).content):
                raise ConfigError(
                    f"--shard {self._shard}: shard {index}/{count} of the same scope "
                    f"is at work ({scope.lease.url}); wait for it, or divide by {count}"
                )

    def _open(self, run_id: str) -> None:
        """Open the run of all, unless another shard did.

        :raises ConfigError: when its id belongs to another run.
        """
        ref = self._scope.record(run_id)
        whole = read_record(self._store, ref)
        if not whole.content:
            with suppress(ConditionFailed):
                write_record(self._store, ref, self._opened(run_id), "")
            whole = read_record(self._store, ref)
        found = (whole.content.get("shards"), whole.content.get("digest"))
        if found != (self._shard.count, self._spec.digest):
            raise ConfigError(
                f"--run-id {run_id} names a run of {found[0] or 'no'} shards or "
                f"with other arguments ({ref.url}); choose another id"
            )

    def _opened(self, run_id: str) -> dict[str, Any]:
        """Return the record of the run of all, as its first shard opens it."""
        spec = self._spec
        argv = self._origin.get("argv", ())
        kept = [it for it in argv if it.partition("=")[0] != "--shard"]
        return {
            **self._origin,
            "argv": kept,
            "shard": None,
            "shards": self._shard.count,
            "run": run_id,
            "job": spec.job,
            "version": spec.version,
            "status": OPEN,
            "scope": dict(spec.scope),
            "arguments": dict(spec.arguments),
            "digest": spec.digest,
            "destination": {"bucket": spec.bucket, "prefix": spec.prefix},
            "partial": spec.partial,
            "base_index": None,
            "attempts": [{"epoch": 0, "holder": this_process(), "started": utc_now()}],
        }

    def _supersede(self, run_id: str | None) -> None:
        """Note that an earlier run of all will not be closed any more."""
        if not run_id or run_id == self._run_id:
            return
        ref = self._scope.record(run_id)
        found = read_record(self._store, ref)
        if found.content.get("status") == OPEN:
            ended = {"status": SUPERSEDED, "superseded": utc_now(), "by": self._run_id}
            with suppress(ConditionFailed):
                write_record(self._store, ref, {**found.content, **ended}, found.etag)

    def _closed(self, run_id: str) -> Iterator[Mapping[str, Any]]:
        """Yield the records of the shards, up to the first that is not closed."""
        for scope in self._scopes(self._shard.count):
            content = read_record(self._store, scope.record(run_id)).content
            if content.get("status") != CLOSED:
                return
            yield content

    def _merged(
        self,
        opened: Mapping[str, Any],
        shards: Sequence[Mapping[str, Any]],
        folder: Path,
    ) -> dict[str, Any]:
        """Return the record of the run of all, closed.

        :raises ReconciliationError: when the shards do not add up.
        """
        state = self._scope.attempt(opened["run"], 1)
        results = [it["result"] for it in shards]
        parts = [part for it in shards for part in it["parts"]]
        result = {**_result(results), "shards": len(shards)}
        outcomes = {it.value: result[it.value] for it in Outcome}
        reconcile(sum(part["lines"] for part in parts), Totals(outcomes, {}, 0))
        files = [StoredFile.from_json(it["quarantine"]) for it in shards]
        return {
            **opened,
            "status": CLOSED,
            "closed": max(it["closed"] for it in shards),
            "parts": parts,
            "quarantine": self._quarantine(files, state, folder)._asdict(),
            "manifests": [it["manifest"] for it in shards],
            "result": {**result, "quarantine": state.quarantine.url},
        }

    def _quarantine(
        self, files: Iterable[StoredFile], state: AttemptState, folder: Path
    ) -> StoredFile:
        """Store the quarantined lines of all shards as one file, to be replayed."""
        bucket = self._scope.bucket
        streams = [
            read_lines(
                download(self._store, bucket, it, folder / f"shard-{number}.ndjson.gz")
            )
            for number, it in enumerate(files)
            if it.lines
        ]
        path = folder / "shards.ndjson.gz"
        with LineWriter(path) as lines:
            for line in merged(*streams, key=lambda it: it["destination"]["key"]):
                lines.write(line)
        return upload(self._store, state.quarantine, path, lines.lines)


def _result(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up what the shards printed; the slowest says how long it took."""
    names = ("listed", *(it.value for it in Outcome), "bytes")
    bad = sum(it[Outcome.QUARANTINED.value] for it in results)
    return {
        "job": results[0]["job"],
        "run_id": results[0]["run_id"],
        "status": next(
            it["status"]
            for it in results
            if bool(it[Outcome.QUARANTINED.value]) == bool(bad)
        ),
        **{name: sum(it[name] for it in results) for name in names},
        "seconds": max(it["seconds"] for it in results),
        "reasons": _sum(it["reasons"] for it in results),
        "requests": _sum(it["requests"] for it in results),
    }


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add counts by name."""
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(sorted(total.items()))
