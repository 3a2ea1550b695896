"""What one run did, or has done so far: reasons, largest and slowest units."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
import heapq
from itertools import groupby
from pathlib import Path
from typing import Any

from etl_core.runs.archive import ALIVE, Archive, RunName, StoredRun
from etl_core.runs.journal import read_journals
from etl_core.runs.ledger import read_parts
from etl_core.runs.run import CLOSED
from etl_core.runs.shards import NOT_STARTED
from etl_core.runs.units import Line

TOP = 10


class Top:
    """Keeps the few greatest of many values.

    :param measure: of a line; ``None`` for one that does not take part.
    """

    def __init__(self, measure: Callable[[Line], float | None]) -> None:
        """Start empty."""
        self._measure = measure
        self._heap: list[tuple[float, int, Line]] = []
        self._seen = 0

    def see(self, line: Line) -> None:
        """Keep a line when it is among the greatest; of equals the first."""
        value = self._measure(line)
        if value is None:
            return
        self._seen += 1
        heapq.heappush(self._heap, (value, -self._seen, line))
        if len(self._heap) > TOP:
            heapq.heappop(self._heap)

    def lines(self) -> list[Line]:
        """Return the greatest, in falling order."""
        return [line for _, _, line in sorted(self._heap, reverse=True)]


def size_of(line: Line) -> int | None:
    """Return the bytes of a unit, as far as they are known."""
    size = line.destination.size
    return line.source.size if size is None else size


def lines_of(archive: Archive, run: StoredRun, folder: Path) -> Iterator[Line]:
    """Yield the last word on every unit: of the ledger, or of the journals so far."""
    store, bucket = archive.store, run.scope.bucket
    if run.parts:
        yield from map(Line.from_json, read_parts(store, bucket, run.parts, folder))
        return
    attempts = len(run.content["attempts"])
    noted = read_journals(store, run.scope, run.run_id, attempts, folder)
    for _, lines in groupby(noted, key=lambda line: line.destination.key):
        *_, last = lines
        yield last


def summarize(
    archive: Archive, run: StoredRun, program: str, folder: Path
) -> dict[str, Any]:
    """Return all that is worth knowing of a run.

    :param program: the console script, for commands to copy.
    :param folder: for local files.
    """
    state, lease = archive.holder(run)
    shards = _shards(archive, run)
    reasons: Counter[str] = Counter()
    largest, slowest = Top(size_of), Top(lambda line: line.seconds)
    for line in lines_of(archive, run, folder):
        reasons[f"{line.outcome}: {line.reason}"] += 1
        largest.see(line)
        slowest.see(line)
    return {
        **_head(run),
        "lease": state,
        "waits_for": _missing(shards) or _waits_for(state, lease),
        "continue": run.command(program) if state and not shards else None,
        **run.totals,
        "seconds": run.result.get("seconds"),
        "files": _files(run),
        "attempts": _attempts(run),
        "shards": shards,
        "reasons": [
            {"reason": name, "units": count} for name, count in sorted(reasons.items())
        ],
        "largest": [_row(line) for line in largest.lines()],
        "slowest": [_row(line) for line in slowest.lines()],
    }


def _head(run: StoredRun) -> dict[str, Any]:
    """Return who it is and what it was asked for."""
    return {
        "run_id": run.run_id,
        "job": run.job,
        "version": run.content["version"],
        "status": run.status,
        "parent": run.parent,
        "superseded_by": run.content.get("by"),
        "started": run.started,
        "ended": run.ended,
        "arguments": run.argv,
        "destination": run.destination.url,
    }


def _shards(archive: Archive, run: StoredRun) -> list[dict[str, Any]]:
    """Return how far each shard of a run is."""
    rows = []
    for number, scope in enumerate(run.shards):
        found = archive.read(RunName(scope, run.run_id))
        rows.append(
            {
                "shard": f"{number}/{len(run.shards)}",
                "status": found.status if found else NOT_STARTED,
                "attempts": len(found.content["attempts"]) if found else 0,
                "listed": found.totals.get("listed") if found else None,
                "record": scope.record(run.run_id).url,
                "manifest": found.file("manifest") if found else None,
            }
        )
    return rows


def _missing(shards: list[dict[str, Any]]) -> str | None:
    """Say which shards a run waits for."""
    names = [row["shard"] for row in shards if row["status"] != CLOSED]
    return f"shards {', '.join(names)}" if names else None


def _waits_for(state: str | None, lease: Mapping[str, Any]) -> str | None:
    """Say what must happen before an open run closes."""
    if state is None:
        return None
    if state == ALIVE:
        holder = lease["holder"]
        return f"the process {holder['pid']} on {holder['host']}, which works on it"
    return "a start of the same command: nobody works on it"


def _files(run: StoredRun) -> dict[str, Any]:
    """Return where everything lies."""
    attempt = run.scope.attempt(run.run_id, len(run.content["attempts"]))
    return {
        "record": run.scope.record(run.run_id).url,
        "ledger": attempt.url if run.parts and not run.shards else None,
        **{name: run.file(name) for name in ("manifest", "quarantine", "index")},
    }


def _attempts(run: StoredRun) -> list[dict[str, Any]]:
    """Return who made each attempt, and when."""
    return [
        {
            "attempt": number,
            "started": made["started"],
            "host": made["holder"]["host"],
            "pid": made["holder"]["pid"],
            "epoch": made["epoch"],
        }
        for number, made in enumerate(run.content["attempts"], start=1)
    ]


def _row(line: Line) -> dict[str, Any]:
    """Return a unit as it is listed."""
    return {
        "unit": line.unit,
        "outcome": line.outcome,
        "size": size_of(line),
        "seconds": line.seconds,
        "key": line.destination.key,
    }
