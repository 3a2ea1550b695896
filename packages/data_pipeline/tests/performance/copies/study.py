"""The scaling study: more units, an unchanged run over them, and more processes."""

from collections.abc import Sequence
from typing import Any

from data_pipeline.tests.performance.copies.contestants import Entry, JOB
from data_pipeline.tests.performance.copies.extras import BYTES, twice
from data_pipeline.tests.performance.copies.measure import Bench, Sample
from data_pipeline.tests.performance.copies.rows import job

CONCURRENCY = 256
SHARDS = ((1, 64), (2, 64), (4, 64), (1, 256), (2, 128))
"""Processes, and how many units each has under way."""


def growth(bench: Bench, units: int) -> dict[str, Any]:
    """Measure a run over new units and one over the same, unchanged."""
    first, second = twice(bench, units, CONCURRENCY)
    return {"units": units, "first": _facts(first), "second": _facts(second)}


def _facts(sample: Sample) -> dict[str, float]:
    """Return what is kept of a run."""
    return {
        "wall": sample.wall,
        "cpu": sample.cpu,
        "peak_mib": sample.peak_mib,
        "requests": sample.requests,
    }


def divided(
    bench: Bench, units: int, processes: int, concurrency: int
) -> dict[str, Any]:
    """Measure so many processes at once, each with a shard of the units."""
    bench.prepare(Entry("shards", JOB, concurrency, units))
    bench.server.control("reset")
    names = [f"shard {number} of {processes}" for number in range(processes)]
    running = [
        bench.start(name, job(units, concurrency, f"--shard={number}/{processes}"))
        for number, name in enumerate(names)
    ]
    samples = [
        bench.finished(Entry("shards", name, concurrency, units), each)
        for name, each in zip(names, running, strict=True)
    ]
    began = min(each.began for each in samples)
    done = sum(each.result["done"] for each in samples)
    bench.empty()
    return {
        "units": units,
        "done": done,
        "processes": processes,
        "concurrency": concurrency,
        "wall": max(each.began + each.wall for each in samples) - began,
        "cpu": sum(each.cpu for each in samples),
        "peak_mib": max(each.peak_mib for each in samples),
        "server_cpu": samples[-1].server_cpu,
    }


def study(
    bench: Bench, units: Sequence[int], shard_units: int, rounds: int
) -> dict[str, Any]:
    """Measure growth once, which takes long, and shards in turn."""
    found = [growth(bench, each) for each in units]
    shards = [
        divided(bench, shard_units, *each) for _ in range(rounds) for each in SHARDS
    ]
    return {
        "concurrency": CONCURRENCY,
        "bytes": BYTES,
        "growth": found,
        "shards": shards,
    }
