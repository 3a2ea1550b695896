"""The proof that ``crashtest`` prints: servers, sweeps, and the table of deaths."""

from collections import Counter
from collections.abc import Iterator, Sequence
import io
import time
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from etl_core.progress import Progress
from etl_core.testing.crashpoints import Moment
from etl_core.testing.postgres import postgres_server
from etl_core.testing.s3 import s3_server
from etl_core.testing.sweep import Point, Stage, Sweep
from etl_core.testing.worlds import load_world

WIDTH = 100


class Proof(NamedTuple):
    """What became of a job that was killed everywhere.

    :param calls: how many calls a clean run makes, by concurrency.
    """

    calls: dict[int, int]
    points: list[Point]
    seconds: float

    @property
    def violations(self) -> list[Point]:
        """The deaths that the job did not survive."""
        return [point for point in self.points if point.difference]


def prove(
    world_name: str, concurrency: Sequence[int], moments: Sequence[str], kills: int
) -> Proof:
    """Sweep over the calls of a job, and kill some real processes.

    :param kills: at how many calls a process is killed, before and after.
    :raises EtlError: when the job does not even run once.
    """
    began = time.monotonic()
    stage = Stage(load_world(world_name), s3_server(), postgres_server())
    try:
        sweeps = [Sweep(stage, each) for each in concurrency]
        calls = {it.concurrency: len(it.calls) for it in sweeps}
        total = sum(calls.values()) * len(moments) + 2 * min(kills, *calls.values())
        points = []
        with Progress(total, label="deaths") as progress:
            for point in _deaths(
                sweeps, [Moment(it) for it in moments], kills, world_name
            ):
                points.append(point)
                progress.advance(1, 0)
    finally:
        stage.close()
    return Proof(calls, points, time.monotonic() - began)


def _deaths(
    sweeps: Sequence[Sweep], moments: Sequence[str], kills: int, world_name: str
) -> Iterator[Point]:
    """Yield every death."""
    for sweep in sweeps:
        yield from sweep.deaths([Moment(each) for each in moments])
    yield from sweeps[0].kills(kills, world_name)


def to_json(proof: Proof) -> dict[str, Any]:
    """Return the proof as it is printed for programs."""
    return {
        "points": len(proof.points),
        "violations": len(proof.violations),
        "seconds": round(proof.seconds, 1),
        "calls": {str(key): value for key, value in proof.calls.items()},
        "first_violation": _named(proof.violations[0]) if proof.violations else None,
    }


def _named(point: Point) -> dict[str, Any]:
    """Return one death with the names of its parts."""
    return {**point._asdict(), "call": point.call._asdict() if point.call else None}


def table(proof: Proof) -> str:
    """Return the proof as it is printed for people: a row for each kind of call."""
    rows = Table("system", "operation", "moment", "deaths", "violations")
    deaths: Counter[tuple[str, str, str]] = Counter()
    bad: Counter[tuple[str, str, str]] = Counter()
    for point in proof.points:
        system, operation = point.call[:2] if point.call else ("", "not reached")
        deaths[system, operation, point.moment] += 1
        bad[system, operation, point.moment] += bool(point.difference)
    for kind, count in sorted(deaths.items()):
        rows.add_row(*kind, str(count), str(bad[kind]))
    sink = io.StringIO()
    console = Console(file=sink, width=WIDTH)
    console.print(rows)
    console.print(
        f"{len(proof.points)} deaths, {len(proof.violations)} violations, "
        f"{proof.seconds:.0f} s"
    )
    if proof.violations:
        first = proof.violations[0]
        console.print(f"the first: call {first.number}, {first.moment}: {first.call}")
        console.print(first.difference)
    return sink.getvalue()
