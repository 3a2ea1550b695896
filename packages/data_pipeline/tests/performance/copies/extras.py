"""What else was asked for: starts, and a second run in which nothing has changed."""

from statistics import median
import sys
from typing import Any

from data_pipeline.tests.integration.place import DISPATCHER
from data_pipeline.tests.performance.copies.contestants import Entry, JOB
from data_pipeline.tests.performance.copies.endpoint import SOURCE
from data_pipeline.tests.performance.copies.measure import (
    Bench,
    Sample,
    WrongResult,
)
from data_pipeline.tests.performance.copies.rows import job, succeeded

STARTS = 15
FEW = 100
BYTES = 4096
BOTO3 = f"import boto3; boto3.client('s3').head_bucket(Bucket='{SOURCE}')"
CREDENTIALS = "[default]\naws_access_key_id = bench\naws_secret_access_key = bench\n"


def startup(bench: Bench) -> dict[str, Any]:
    """Measure starts, all kinds in turn; medians in milliseconds."""
    bench.fill(FEW, BYTES)
    bench.rows.have(FEW, BYTES)
    bench.server.control("set", latency_ms=bench.latency_ms, slow_down=0)
    file = bench.places.folder / "credentials"
    file.write_text(CREDENTIALS)
    from_file = {
        "AWS_SHARED_CREDENTIALS_FILE": str(file),
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
    }
    help_, requests, over = [], [], []
    for _ in range(STARTS):
        shown = _start(bench, [DISPATCHER, "--help"])
        bare = _start(bench, [sys.executable, "-c", ""])
        help_.append(shown.wall - bare.wall)
        requests.append(_until_request(_start(bench, job(FEW, 1, "--dry-run"))))
        ours = _start(bench, job(FEW, 1, "--dry-run"), **from_file)
        theirs = _start(bench, [sys.executable, "-c", BOTO3], **from_file)
        over.append(_until_request(ours) - _until_request(theirs))
    return {
        "starts": STARTS,
        "help_ms": median(help_) * 1000,
        "first_request_ms": median(requests) * 1000,
        "over_boto3_ms": median(over) * 1000,
    }


def _start(bench: Bench, command: list[str], **more: str) -> Sample:
    """Start a command once."""
    return bench.take(Entry("start", "start", 1, FEW), command, **more)


def _until_request(sample: Sample) -> float:
    """Return how long after its start a process sent its first request."""
    return sample.first_request - sample.began


def twice(bench: Bench, units: int, concurrency: int) -> tuple[Sample, Sample]:
    """Run the whole job over new units, and once more over the same.

    :raises WrongResult: when one of the runs did not do that.
    """
    entry = Entry("twice", JOB, concurrency, units)
    bench.prepare(entry)
    command = job(units, concurrency)
    first, second = bench.take(entry, command), bench.take(entry, command)
    done, unchanged = first.result["done"], second.result["unchanged"]
    if not (succeeded(first.result, units) and done == unchanged == units):
        raise WrongResult(
            f"of {units} units {done} were done, then {unchanged} unchanged"
        )
    bench.empty()
    return first, second


def unchanged(bench: Bench, units: int, concurrency: int) -> dict[str, Any]:
    """Measure a second run in which nothing has changed."""
    _, second = twice(bench, units, concurrency)
    facts = ("wall", "cpu", "peak_mib", "requests", "connections")
    return {"units": units, **{name: getattr(second, name) for name in facts}}
