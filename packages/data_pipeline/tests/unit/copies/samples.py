"""Samples as a run of the bench keeps them."""

from typing import Any

from data_pipeline.tests.performance.copies.contestants import (
    BARE,
    COPY,
    FLOOR,
    JOB,
)
from data_pipeline.tests.performance.copies.peers import S5CMD

RATES = {FLOOR: 9_000, BARE: 8_500, JOB: 7_000, S5CMD: 2_000}


def sample(contestant: str, rate: float, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a copy of a thousand objects at 256, with some facts changed."""
    facts = {
        "task": COPY,
        "contestant": contestant,
        "concurrency": 256,
        "objects": 1000,
        "size": 4096,
        "wall": 1000 / rate,
        "cpu": 0.05,
        "peak_mib": 50.0,
        "requests": 1000,
        "connections": 256,
        "server_cpu": 0.01,
    }
    return {**facts, **changes}


def document(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what is kept of a run, with some parts changed."""
    parts = {
        "date": "2026-11-21 12:00 UTC",
        "machine": "2 cores, 24 GiB, Linux 6.1, x86_64",
        "versions": {"python": "3.11.7"},
        "arguments": "--full",
        "rounds": 5,
        "latency_ms": 25.0,
        "load": {"load_before": 0.1, "load_after": 1.5, "load_most": 2.0},
        "samples": [sample(name, rate) for name, rate in RATES.items()],
    }
    return {**parts, **changes}
