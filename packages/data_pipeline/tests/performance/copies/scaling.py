"""The page of the documentation that a scaling study writes."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from data_pipeline.tests.performance.copies.endpoint import HERE
from data_pipeline.tests.performance.copies.report import piped

BILLION = 1_000_000_000
# S3 User Guide, "Best practices design patterns: optimizing Amazon S3 performance".
COPIES_PER_SECOND = 3_500
# As in docs/explanation/costs.md.
PER_COPY, PER_LIST = 0.005 / 1000, 0.005 / 1000
PER_VCPU_HOUR = 0.04048
PAGE = 1000
GROWTH_HEADS = (
    "units",
    "first run, s",
    "CPU us/unit",
    "peak MiB",
    "requests/unit",
    "second run, s",
    "CPU us/unit",
    "peak MiB",
    "requests",
)
SHARD_HEADS = (
    "processes",
    "at once in each",
    "units/s",
    "speed-up",
    "CPU us/unit",
    "peak MiB of one",
)
TEMPLATE = HERE / "scaling.txt"


def scaling_page(document: Mapping[str, Any]) -> str:
    """Return the page of a study."""
    found = document["study"]
    growth, shards = found["growth"], found["shards"]
    largest = growth[-1]
    units, first = largest["units"], largest["first"]
    cpu = first["cpu"] / units * 1e6
    process_rate = units / first["wall"]
    cpu_hours = cpu * BILLION / 1e6 / 3600
    copies, lists = BILLION * PER_COPY, 2 * BILLION / PAGE * PER_LIST
    pods = cpu_hours * PER_VCPU_HOUR
    versions = (f"{name} {text}" for name, text in document["versions"].items())
    return TEMPLATE.read_text().format(
        command=f"make bench ARGS='{document['arguments']}'",
        date=document["date"],
        machine=document["machine"],
        versions=", ".join(versions),
        latency=document["latency_ms"],
        concurrency=found["concurrency"],
        growth=piped(GROWTH_HEADS, [_growth_row(each) for each in growth]),
        growth_said=_growth_said(growth),
        shard_units=f"{shards[0]['units']:,}",
        shard_rounds=document["rounds"],
        shards=piped(SHARD_HEADS, _shard_rows(shards)),
        shards_said=_shards_said(shards),
        rate=COPIES_PER_SECOND,
        hours=_hours(1),
        hours_10=_hours(10),
        hours_100=_hours(100),
        processes=-(-10 * COPIES_PER_SECOND // process_rate),
        process_rate=process_rate,
        cpu=cpu,
        cpu_hours=cpu_hours,
        pods=pods,
        peak=first["peak_mib"],
        units=units,
        parts=-(-BILLION // units),
        copies=copies,
        lists=lists,
        share=copies / (copies + lists + pods),
        of_limit=process_rate / COPIES_PER_SECOND,
        night=BILLION / PAGE * PER_LIST,
        gets=BILLION * 0.0004 / 1000,
        **document["load"],
    )


def _hours(prefixes: int) -> float:
    """Return how long S3 takes for a billion copies below so many prefixes."""
    return BILLION / (COPIES_PER_SECOND * prefixes) / 3600


def _growth_row(each: Mapping[str, Any]) -> list[str]:
    """Return a row of the first table."""
    units, first, second = each["units"], each["first"], each["second"]
    return [
        f"{units:,}",
        f"{first['wall']:,.1f}",
        f"{first['cpu'] / units * 1e6:,.0f}",
        f"{first['peak_mib']:.0f}",
        f"{first['requests'] / units:.3f}",
        f"{second['wall']:,.1f}",
        f"{second['cpu'] / units * 1e6:,.0f}",
        f"{second['peak_mib']:.0f}",
        f"{second['requests']:,.0f}",
    ]


def _growth_said(growth: Sequence[Mapping[str, Any]]) -> str:
    """Say by how much cost and memory grew over the larger sizes."""
    if len(growth) < 2:
        return "One size says nothing about growth."
    one, two = growth[-2], growth[-1]
    times = two["units"] / one["units"]
    each = [it["first"]["cpu"] / it["units"] for it in (one, two)]
    peaks = [it["first"]["peak_mib"] for it in (one, two)]
    return (
        f"From {one['units']:,} to {two['units']:,} units, {times:g} times as many, "
        f"the CPU for each unit became {each[1] / each[0]:.2f} times as much and the "
        f"peak memory {peaks[1] / peaks[0]:.2f} times."
    )


def _groups(
    shards: Sequence[Mapping[str, Any]],
) -> dict[tuple[int, int], dict[str, float]]:
    """Return the medians of each number of processes."""
    keys = dict.fromkeys((it["processes"], it["concurrency"]) for it in shards)
    return {
        key: {
            name: median(
                it[name] for it in shards if (it["processes"], it["concurrency"]) == key
            )
            for name in ("units", "wall", "cpu", "peak_mib")
        }
        for key in keys
    }


def _shard_rows(shards: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return the rows of the second table."""
    groups = _groups(shards)
    alone = next(iter(groups.values()))["wall"]
    return [
        [
            str(processes),
            str(concurrency),
            f"{it['units'] / it['wall']:,.0f}",
            f"{alone / it['wall']:.2f}",
            f"{it['cpu'] / it['units'] * 1e6:,.0f}",
            f"{it['peak_mib']:.0f}",
        ]
        for (processes, concurrency), it in groups.items()
    ]


def _shards_said(shards: Sequence[Mapping[str, Any]]) -> str:
    """Say whether dividing the same number under way among processes pays."""
    groups = _groups(shards)
    if not {(1, 256), (4, 64)} <= groups.keys():
        return ""
    ratio = groups[1, 256]["wall"] / groups[4, 64]["wall"]
    return (
        f"With 256 units under way four processes are {ratio:.2f} times as fast as "
        "one, on this machine, whose cores they share with the server and the database."
    )
