"""The proof that ``crashtest`` prints: servers, sweeps, and the table of deaths."""

from collections.abc import Iterator, Sequence
import contextlib
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
MOMENTS = tuple(moment.value for moment in Moment)


class Proof(NamedTuple):
    """What became of a job that was killed everywhere.

    :param calls: how many calls a clean run makes, by concurrency.
    :param points: its deaths, in the order of concurrency, call and moment.
    """

    calls: dict[int, int]
    points: list[Point]
    seconds: float

    @property
    def violations(self) -> list[Point]:
        """The deaths that the job did not survive."""
        return [point for point in self.points if point.difference]

    @property
    def not_reached(self) -> list[Point]:
        """The deaths that did not happen: such a start had fewer calls."""
        return [point for point in self.points if point.call is None]


def prove(
    world_name: str, concurrency: Sequence[int], moments: Sequence[Moment], kills: int
) -> Proof:
    """Sweep over the calls of a job, and kill some real processes.

    :param kills: at how many calls a process is killed, before and after.
    :raises EtlError: when the job does not even run once.
    """
    began = time.monotonic()
    world = load_world(world_name)
    database = postgres_server() if world.has_database else None
    with _silence():
        stage = Stage(world, s3_server(), database)
    try:
        with _silence():
            sweeps = [Sweep(stage, each) for each in concurrency]
        calls = {it.concurrency: len(it.calls) for it in sweeps}
        total = sum(it.count_deaths(moments) for it in sweeps)
        total += sweeps[0].count_kills(kills)
        points = []
        with Progress(total, label="deaths") as progress, _silence():
            for point in _deaths(sweeps, moments, kills, world_name):
                points.append(point)
                progress.advance()
    finally:
        stage.close()
    points.sort(key=_order)
    return Proof(calls, points, time.monotonic() - began)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep what the starts print to themselves; their results are in the buckets.

    It is for the whole process, and therefore around all starts, not each of them.
    """
    nowhere = io.StringIO()
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        yield


def _deaths(
    sweeps: Sequence[Sweep], moments: Sequence[Moment], kills: int, world_name: str
) -> Iterator[Point]:
    """Yield every death."""
    for sweep in sweeps:
        yield from sweep.deaths(moments)
    yield from sweeps[0].kills(kills, world_name)


def _order(point: Point) -> tuple[int, int, bool, int]:
    """Sort by concurrency, call, kind of death and moment."""
    return (
        point.concurrency,
        point.number,
        point.killed,
        MOMENTS.index(point.moment.value),
    )


def to_json(proof: Proof) -> dict[str, Any]:
    """Return the proof as it is printed for programs."""
    return {
        "points": len(proof.points),
        "violations": len(proof.violations),
        "seconds": round(proof.seconds, 1),
        "calls": {str(key): value for key, value in proof.calls.items()},
        "not_reached": len(proof.not_reached),
        "first_violation": _named(proof.violations[0]) if proof.violations else None,
    }


def _named(point: Point) -> dict[str, Any]:
    """Return one death with the names of its parts."""
    call = point.call._asdict() if point.call else None
    return {**point._asdict(), "moment": point.moment.value, "call": call}


def table(proof: Proof) -> str:
    """Return the proof as it is printed for people: a row for each operation."""
    sink = io.StringIO()
    console = Console(file=sink, width=WIDTH)
    console.print(_rows(proof.points))
    for line in _summary(proof):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return sink.getvalue()


def _rows(points: Sequence[Point]) -> Table:
    """Return how many deaths each operation had, by moment."""
    rows = Table("system", "operation")
    for name in (*MOMENTS, "kill", "violations"):
        rows.add_column(name, justify="right")
    for system, operation in sorted({it.call[:2] for it in points if it.call}):
        here = [it for it in points if it.call and it.call[:2] == (system, operation)]
        died = [
            sum(it.moment.value == moment and not it.killed for it in here)
            for moment in MOMENTS
        ]
        counts = [*died, sum(it.killed for it in here)]
        bad = sum(bool(it.difference) for it in here)
        rows.add_row(system, operation, *map(_count, counts), str(bad))
    return rows


def _count(number: int) -> str:
    """Return a number of deaths; nothing for none."""
    return str(number or "")


def _summary(proof: Proof) -> Iterator[str]:
    """Yield the lines below the table; the last one is the count."""
    if proof.not_reached:
        yield (
            f"{len(proof.not_reached)} deaths were not reached: with several units in "
            "progress, a start may make fewer calls than the clean run"
        )
    if proof.violations:
        first = proof.violations[0]
        how = "killed " if first.killed else ""
        where = f"{' '.join(first.call)}" if first.call else "not reached"
        yield (
            f"the first violation, at concurrency {first.concurrency}: "
            f"{how}{first.moment.value} call {first.number}, {where}"
        )
        yield first.difference
    yield (
        f"{len(proof.points)} deaths, {len(proof.violations)} violations, "
        f"{proof.seconds:.0f} s"
    )
