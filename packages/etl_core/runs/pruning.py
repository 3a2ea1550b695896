"""Removing the state of old runs that nothing rests on any more."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from etl_core.runs.archive import Archive, StoredRun
from etl_core.runs.replay import judged_again
from etl_core.runs.run import CLOSED, OPEN
from etl_core.s3.listing import list_objects

OPEN_RUN = "open"
NEWEST = "newest"
RECENT = "recent"
QUARANTINE = "quarantine"
INDEX = "index"
SHARD = "shard"


class Choice(NamedTuple):
    """What is to become of a run.

    :param kept: why it is kept; empty when it can go.
    """

    run: StoredRun
    kept: str


def choose(
    runs: Sequence[StoredRun], lease: Mapping[str, Any], before: str
) -> list[Choice]:
    """Decide for all runs of one scope.

    :param lease: names the newest run of the scope, and the one before it.
    :param before: only what ended earlier can go, as ledgers write the time.
    """
    closed = [run for run in runs if run.status == CLOSED]
    newest = max(closed, key=lambda run: run.ended or "", default=None)
    # A start names its run in the lease before there is a record of it.
    known = lease.get("run") in {run.run_id for run in runs}
    named = {lease.get("run" if known else "previous")}
    named.add(newest.run_id if newest else None)
    first = [Choice(run, _reason(run, runs, named, before)) for run in runs]
    # An open run works from the index of another one, which is in that one's folder.
    indexes = {choice.run.index_key for choice in first if choice.kept}
    return [
        choice._replace(kept=choice.kept or INDEX)
        if choice.run.status == CLOSED and choice.run.index_key in indexes
        else choice
        for choice in first
    ]


def _reason(
    run: StoredRun, runs: Sequence[StoredRun], named: set[str | None], before: str
) -> str:
    """Return why a run is kept for its own sake."""
    if run.status == OPEN or run.ended is None:
        return OPEN_RUN
    if run.run_id in named:
        return NEWEST
    if run.ended >= before:
        return RECENT
    return QUARANTINE if needed(run, runs) else ""


def needed(run: StoredRun, runs: Sequence[StoredRun]) -> bool:
    """Tell whether a quarantined unit of a run was not judged again since.

    What a later run judged and quarantined again is in the quarantine of that run.
    """
    left = set(run.quarantined)
    for later in runs:
        if later.status != CLOSED or (later.ended or "") <= (run.ended or ""):
            continue
        if later.complete:
            return False
        left -= judged_again(run, later)
    return bool(left)


class Pruner:
    """Removes runs, the record last: a prune that was killed finds the rest again.

    :param archive: where the runs are recorded.
    :param before: only what ended earlier goes.
    :param dry_run: remove nothing.
    """

    def __init__(self, archive: Archive, before: str, dry_run: bool) -> None:
        """Start with nothing removed."""
        self._archive = archive
        self._before = before
        self._dry_run = dry_run
        self._kept: Counter[str] = Counter()
        self._removed: list[dict[str, Any]] = []

    def prune(self, job: str | None) -> dict[str, Any]:
        """Remove what can go, scope by scope, and return what became of the runs."""
        choices = list(self._choices(job))
        shards = {key for run, kept in choices if kept for key in _shard_records(run)}
        for run, kept in choices:
            reason = kept or (SHARD if _record(run) in shards else "")
            if reason:
                self._kept[reason] += 1
            else:
                self._removed.append(self._remove(run))
        return {
            "state": self._archive.state.url,
            "dry_run": self._dry_run,
            "before": self._before,
            "removed": len(self._removed),
            "objects": sum(row["objects"] for row in self._removed),
            "bytes": sum(row["bytes"] for row in self._removed),
            "kept": dict(sorted(self._kept.items())),
            "runs": self._removed,
        }

    def _choices(self, job: str | None) -> Iterator[Choice]:
        """Yield what is to become of each run, as far as its scope can tell."""
        for names in self._archive.scopes(job):
            runs = self._archive.read_all(names)
            lease = self._archive.lease(names[0].scope)
            yield from choose(runs, lease, self._before)

    def _remove(self, run: StoredRun) -> dict[str, Any]:
        """Remove the objects of a run."""
        store, bucket = self._archive.store, run.scope.bucket
        record = _record(run)
        folder = record.removesuffix("run.json")
        found = list(list_objects(store, bucket, folder))
        if not self._dry_run:
            store.delete(bucket, [it.key for it in found if it.key != record])
            store.delete(bucket, [record])
        return {
            "run_id": run.run_id,
            "job": run.job,
            "status": run.status,
            "ended": run.ended,
            "objects": len(found),
            "bytes": sum(it.size for it in found),
        }


def _record(run: StoredRun) -> str:
    """Return the key of the record of a run."""
    return run.scope.record(run.run_id).key


def _shard_records(run: StoredRun) -> list[str]:
    """Return the keys of the records whose ledgers a run of shards consists of."""
    return [scope.record(run.run_id).key for scope in run.shards]
