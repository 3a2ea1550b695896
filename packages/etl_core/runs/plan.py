"""The plan: the units of a run, counted independently and spooled once in order."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

from etl_core.errors import DataError, ReconciliationError
from etl_core.progress import Progress
from etl_core.runs.spool import LineWriter, read_lines
from etl_core.runs.units import Unit

LIST_PAGE = 1000  # S3 API Reference, ListObjectsV2
MOST_MARKS = 10_000


class Snapshot(Protocol):
    """The units of a run, seen at one moment."""

    def count(self) -> int:
        """Count the units without reading them."""
        ...

    def units(self) -> Iterator[Unit]:
        """Yield the units in the order of their destination keys."""
        ...


class UnitSource(Protocol):
    """Where the units of a job come from."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Open a view in which count and units agree."""
        ...


class Plan(NamedTuple):
    """The spooled units.

    :param listed: how many there are by the independent count.
    :param marks: destination keys about a page of a listing from each other.
    """

    path: Path
    listed: int
    marks: tuple[str, ...] = ()

    def units(self) -> Iterator[Unit]:
        """Yield the units in the order of their destination keys."""
        return read_lines(self.path, Unit)


def spool_plan(source: UnitSource, path: Path) -> Plan:
    """Write the units to a local file, so that the snapshot is open only briefly.

    :raises DataError: when two units share a key or come out of order.
    :raises ReconciliationError: when the stream did not hold what was counted.
    """
    with source.snapshot() as snapshot, LineWriter(path) as plan:
        listed = snapshot.count()
        # More than a page apart when there would be too many of them to keep.
        stride = LIST_PAGE * (1 + listed // (LIST_PAGE * MOST_MARKS))
        marks: list[str] = []
        with Progress(listed, label="rows read") as progress:
            for unit in progress.track(in_order(snapshot.units())):
                plan.write(unit)
                if plan.lines % stride == 0 and plan.lines < listed:
                    marks.append(unit.destination)
    if plan.lines != listed:
        raise ReconciliationError(
            f"{listed} units were counted but {plan.lines} were read in the same "
            "snapshot; nothing was written",
            listed=listed,
            read=plan.lines,
        )
    return Plan(path, listed, tuple(marks))


def in_order(units: Iterable[Unit]) -> Iterator[Unit]:
    """Yield the units, whose destination keys must rise.

    :raises DataError: when one does not come after the one before.
    """
    last = ""
    for unit in units:
        if unit.destination <= last:
            raise DataError(
                f"unit {unit.key} is out of order: its key {unit.destination!r} "
                f"comes after {last!r}"
            )
        last = unit.destination
        yield unit
