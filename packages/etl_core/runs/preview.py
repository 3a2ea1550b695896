"""A dry run: what a run would do, decided by the same rules, writing nothing."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from etl_core.runs.decisions import Task
from etl_core.runs.spool import ENCODER
from etl_core.runs.units import Line, Outcome, Unit

FIRST_UNITS = 10
MAKE = "make"


@dataclass
class Forecast:
    """What the decisions of a run add up to.

    :param listed: units by the independent count.
    :param make: units whose effect would be made.
    :param bytes: size of their sources, as far as known.
    :param requests: by operation, without retries.
    """

    listed: int
    make: int = 0
    bytes: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    first_units: list[dict[str, Any]] = field(default_factory=list)

    def see(self, planned: dict[str, Any]) -> None:
        """Count one unit."""
        if planned["action"] == MAKE:
            self.make += 1
            self.bytes += planned["size"] or 0
        else:
            self.outcomes[planned["action"]] += 1
            self.reasons[f"{planned['action']}: {planned['reason']}"] += 1
        if len(self.first_units) < FIRST_UNITS:
            self.first_units.append(planned)

    def to_json(self) -> dict[str, Any]:
        """Return the totals as they are printed."""
        counts = {it.value: self.outcomes[it.value] for it in Outcome}
        return {
            "listed": self.listed,
            **counts,
            "to_do": self.make,
            "bytes": self.bytes,
            "reasons": dict(self.reasons),
            "requests": dict(self.requests),
            "first_units": self.first_units,
        }


def planned(unit: Unit, decision: Line | Task) -> dict[str, Any]:
    """Return what would become of a unit, as a line of the plan file."""
    return {
        "unit": unit.key,
        "action": MAKE if isinstance(decision, Task) else decision.outcome,
        "reason": None if isinstance(decision, Task) else decision.reason,
        "source": unit.source.url,
        "destination": unit.destination,
        "size": unit.size,
    }


class PlanFile:
    """Writes planned units to a local file as NDJSON.

    :param file: open for writing; ``None`` when nobody asked for it.
    """

    def __init__(self, file: TextIO | None) -> None:
        """Keep the file."""
        self._file = file

    def write(self, entry: Mapping[str, Any]) -> None:
        """Write one unit."""
        if self._file:
            self._file.write(ENCODER.encode(entry).decode() + "\n")


@contextmanager
def plan_file(path: Path | None) -> Iterator[PlanFile]:
    """Open the plan file, if there is to be one."""
    if path is None:
        yield PlanFile(None)
        return
    with path.open("w", encoding="utf-8") as file:
        yield PlanFile(file)
