"""Replays: runs of the units that another run quarantined."""

import re
from typing import Any

from etl_core.errors import ConfigError
from etl_core.options import RunOptions
from etl_core.runs.archive import StoredRun
from etl_core.runs.run import CLOSED
from etl_core.runs.selection import REASON

_QUARANTINE = re.compile(r"/run=([^/]+)/attempt=[0-9]+/quarantine\.ndjson\.gz(?:#|$)")
_OF_ONE_START = frozenset({"--run-id", "--output", "--dry-run", "--plan-file"})


def parent_of(units: str | None) -> str | None:
    """Return the run whose quarantine ``--units`` names, if it does."""
    found = _QUARANTINE.search(units or "")
    return found[1] if found else None


def origin_of(options: RunOptions) -> dict[str, Any]:
    """Return what the record of a run says of its start, so that it can be replayed."""
    return {
        "argv": list(options.argv),
        "narrowed_by": list(options.narrowed_by),
        "parent": parent_of(options.units),
        "shard": str(options.shard) if options.shard else None,
    }


def replay_argv(run: StoredRun, reason: str | None) -> list[str]:
    """Return the arguments that process the quarantined units of a run, and no other.

    What narrowed the run is left out, because the units are named: a row that was
    mended meanwhile may lie beyond its ``--to``. No share of them is too many to be
    quarantined again.

    :param reason: only those with this reason; ``None`` for all.
    :raises ConfigError: when there are none.
    """
    _require_units(run, reason)
    left_out = set(run.narrowed_by)
    kept = [
        each
        for each in run.argv
        if each not in left_out and each.partition("=")[0] not in _OF_ONE_START
    ]
    end = f"{REASON}{reason}" if reason else ""
    return [*kept, "--max-quarantined=100%", f"--units={run.file('quarantine')}{end}"]


def judged_again(run: StoredRun, replay: StoredRun) -> set[str]:
    """Return the reasons whose units a later replay of a run has all processed."""
    if replay.parent != run.run_id or replay.status != CLOSED:
        return set()
    match [each.partition("=")[2] for each in replay.narrowed_by]:
        case [units]:
            reason = units.partition(REASON)[2]
            return {reason} if reason else set(run.quarantined)
    return set()


def _require_units(run: StoredRun, reason: str | None) -> None:
    """Return when there is something to replay."""
    if run.status != CLOSED:
        raise ConfigError(
            f"run {run.run_id} is {run.status}, and only a closed run has a quarantine"
        )
    found = run.quarantined
    if not found:
        raise ConfigError(f"run {run.run_id} has no quarantined units to replay")
    if reason and reason not in found:
        counts = ", ".join(f"{name} ({count})" for name, count in found.items())
        raise ConfigError(
            f"run {run.run_id} has no units quarantined for {reason!r}; "
            f"it has: {counts}"
        )
