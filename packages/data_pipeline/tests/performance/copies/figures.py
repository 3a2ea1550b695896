"""What the samples say: medians, ratios, and whether they are what was asked for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from data_pipeline.tests.performance.copies.contestants import (
    BARE,
    COPY,
    FLOOR,
    JOB,
    LARGE,
    LARGE_CONCURRENCY,
    SLOWED,
    THROUGH,
)
from data_pipeline.tests.performance.copies.peers import S5CMD

FLOOR_RATE, SERVER_SHARE = 8_000, 0.5
LOWER, HIGHER = 64, 256
Facts = Mapping[str, Any]


class Median(NamedTuple):
    """The medians of one contestant at one task.

    :param rate: objects a second.
    :param cpu: of the client for 1,000 objects, in seconds.
    :param requests: for each object.
    :param server: how much of a core the server took.
    :param rounds: of which they are the medians.
    """

    task: str
    contestant: str
    concurrency: int
    objects: int
    rate: float
    wall: float
    cpu: float
    peak_mib: float
    requests: float
    connections: float
    server: float
    rounds: int


class Verdict(NamedTuple):
    """One figure beside what was asked for.

    :param at_most: whether less is better.
    """

    measure: str
    concurrency: int | None
    figure: float
    target: float
    at_most: bool

    @property
    def holds(self) -> bool:
        """Whether the figure is as asked for."""
        if self.at_most:
            return self.figure <= self.target
        return self.figure >= self.target


def medians(samples: Iterable[Facts]) -> list[Median]:
    """Return the medians in the order in which contestants first took their turn."""
    groups: dict[tuple[str, str, int], list[Facts]] = defaultdict(list)
    for sample in samples:
        key = sample["task"], sample["contestant"], sample["concurrency"]
        groups[key].append(sample)
    return [_median(*key, found) for key, found in groups.items()]


def _median(
    task: str, contestant: str, concurrency: int, samples: Sequence[Facts]
) -> Median:
    """Return the medians of samples of one kind."""

    def middle(name: str) -> float:
        return median(float(sample[name]) for sample in samples)

    objects = int(samples[0]["objects"])
    return Median(
        task=task,
        contestant=contestant,
        concurrency=concurrency,
        objects=objects,
        rate=objects / middle("wall"),
        wall=middle("wall"),
        cpu=middle("cpu") / objects * 1000,
        peak_mib=middle("peak_mib"),
        requests=middle("requests") / objects,
        connections=middle("connections"),
        server=median(sample["server_cpu"] / sample["wall"] for sample in samples),
        rounds=len(samples),
    )


class Table:
    """Medians by who, what and how many at once."""

    def __init__(self, found: Iterable[Median]) -> None:
        """Keep them."""
        self._found = {(it.task, it.contestant, it.concurrency): it for it in found}

    def get(self, task: str, contestant: str, concurrency: int) -> Median | None:
        """Return the medians, or ``None`` when that was not measured."""
        return self._found.get((task, contestant, concurrency))

    def ratio(
        self, concurrency: int, ours: tuple[str, str], other: tuple[str, str]
    ) -> float | None:
        """Return how many times the objects a second of the other one we do."""
        one, two = (self.get(*each, concurrency) for each in (ours, other))
        return one.rate / two.rate if one and two else None


def counts(table: Table) -> tuple[bool, str]:
    """Tell whether the run counts, and why."""
    floor = table.get(COPY, FLOOR, HIGHER)
    if floor is None:
        return False, f"does not count: the C floor did not copy at {HIGHER}"
    said = (
        f"the C floor copied {floor.rate:,.0f} objects/s at {HIGHER} "
        f"(asked for: {FLOOR_RATE:,}), the server took {floor.server:.2f} of a core "
        f"(asked for: less than {SERVER_SHARE})"
    )
    does = floor.rate >= FLOOR_RATE and floor.server < SERVER_SHARE
    return does, f"{'counts' if does else 'does not count'}: {said}"


RATES = (
    # measure, ours, other, at 64, at 256
    ("bare copier / s5cmd, objects/s", (COPY, BARE), (COPY, S5CMD), 1.05, 3.8),
    ("whole job / s5cmd, objects/s", (COPY, JOB), (COPY, S5CMD), 1.0, 3.0),
    ("get and put / s5cmd, objects/s", (THROUGH, BARE), (THROUGH, S5CMD), 1.05, 2.0),
    ("bare copier at 5 % SlowDown / clean", (SLOWED, BARE), (COPY, BARE), 0.85, 0.85),
    ("whole job at 5 % SlowDown / clean", (SLOWED, JOB), (COPY, JOB), 0.85, 0.85),
)
WALLS = ((LOWER, 1.12), (HIGHER, 1.15))
CPU = ((BARE, 0.07), (JOB, 0.16))
PEAK_MIB = 120 * 1e6 / 2**20


def verdicts(table: Table, extra: Facts) -> list[Verdict]:
    """Return every figure that something was asked of, as far as it was measured."""
    found = [*_of_copies(table), *_of_rates(table), *_of_resources(table)]
    large = table.ratio(LARGE_CONCURRENCY, (LARGE, BARE), (LARGE, S5CMD))
    if large is not None:
        name = "8 MiB get and put / s5cmd, objects/s"
        found.append(Verdict(name, LARGE_CONCURRENCY, large, 1.0, at_most=False))
    return [*found, *_of_extra(extra)]


def _of_copies(table: Table) -> Iterable[Verdict]:
    """Yield how far the bare copier is from the floor."""
    for concurrency, target in WALLS:
        ratio = table.ratio(concurrency, (COPY, FLOOR), (COPY, BARE))
        if ratio is not None:
            name = "bare copier / C floor, wall"
            yield Verdict(name, concurrency, ratio, target, at_most=True)


def _of_rates(table: Table) -> Iterable[Verdict]:
    """Yield the ratios of objects a second."""
    for name, ours, other, lower, higher in RATES:
        for concurrency, target in ((LOWER, lower), (HIGHER, higher)):
            ratio = table.ratio(concurrency, ours, other)
            if ratio is not None:
                yield Verdict(name, concurrency, ratio, target, at_most=False)


def _of_resources(table: Table) -> Iterable[Verdict]:
    """Yield CPU and memory."""
    for concurrency in (LOWER, HIGHER):
        for contestant, target in CPU:
            found = table.get(COPY, contestant, concurrency)
            if found:
                name = f"{contestant}, CPU s per 1,000 copies"
                yield Verdict(name, concurrency, found.cpu, target, at_most=True)
        found = table.get(COPY, JOB, concurrency)
        if found:
            name = "whole job, peak memory in MiB"
            yield Verdict(name, concurrency, found.peak_mib, PEAK_MIB, at_most=True)


EXTRA = (
    # measure, section, field, target
    ("data-pipeline --help over a bare interpreter, ms", "startup", "help_ms", 70),
    (
        "start to first S3 request, credentials in the environment, ms",
        "startup",
        "first_request_ms",
        300,
    ),
    (
        "start to first S3 request, credentials in a file, ms over boto3",
        "startup",
        "over_boto3_ms",
        250,
    ),
    ("unchanged second run, requests", "unchanged", "requests", 2_200),
    ("unchanged second run, CPU s", "unchanged", "cpu", 60),
)
UNCHANGED_UNITS = 1_000_000


def _of_extra(extra: Facts) -> Iterable[Verdict]:
    """Yield what is no copying; the targets of a second run are those of 1M units."""
    for name, section, field, target in EXTRA:
        found = extra.get(section)
        if not found:
            continue
        units = found.get("units")
        share = units / UNCHANGED_UNITS if units else 1
        label = f"{name} ({units:,} units)" if units else name
        yield Verdict(label, None, found[field], target * share, at_most=True)
