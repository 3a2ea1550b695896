"""Checks the demo against its sample, with eyes of its own."""

from collections.abc import Iterator, Sequence
import re

from report import Outcome
from sample import DESTINATION_BUCKET, Expected, objects, Sample

from etl_core.testing.s3 import S3Server

# Run again, the job reads and writes the state of its run, and lists.
UNCHANGED_REQUESTS = 60


def faults(
    server: S3Server,
    sample: Sample,
    first: Sequence[Outcome],
    again: Sequence[Outcome],
) -> list[str]:
    """Return what is not as it must be, one line each."""
    found: list[str] = []
    for outcome in first:
        wanted = sample.expected(outcome.agency_id)
        found += _differences(
            outcome,
            wanted,
            done=wanted.copied,
            unchanged=0,
            bytes=wanted.bytes_copied,
        )
    for outcome in again:
        wanted = sample.expected(outcome.agency_id)
        found += _differences(outcome, wanted, done=0, unchanged=wanted.copied, bytes=0)
        if outcome.requests > UNCHANGED_REQUESTS:
            found.append(
                f"agency {outcome.agency_id}: {outcome.requests} requests when nothing "
                f"had changed, more than {UNCHANGED_REQUESTS}"
            )
    return [*found, *_wrong_objects(server, sample)]


def _differences(outcome: Outcome, wanted: Expected, **totals: int) -> Iterator[str]:
    """Yield where the result of a run is not what the sample holds."""
    totals |= {
        "listed": wanted.listed,
        "skipped": wanted.skipped,
        "quarantined": wanted.quarantined,
    }
    for name, value in totals.items():
        if outcome.result[name] != value:
            yield (
                f"agency {outcome.agency_id}: {name} is {outcome.result[name]}, "
                f"must be {value}"
            )
    exit_code = 3 if wanted.quarantined else 0
    if outcome.exit_code != exit_code:
        yield (
            f"agency {outcome.agency_id}: exit code {outcome.exit_code}, "
            f"must be {exit_code}"
        )


def _wrong_objects(server: S3Server, sample: Sample) -> Iterator[str]:
    """Yield where the destination is not a copy of what the source holds."""
    wanted = {each.id: each.etag for each in sample.attachments if each.is_to_be_copied}
    found = dict(_copies(server))
    for attachment_id in sorted(wanted.keys() ^ found.keys()):
        fault = "is missing" if attachment_id in wanted else "must not be there"
        yield f"attachment {attachment_id} {fault} in the destination"
    for attachment_id in sorted(wanted.keys() & found.keys()):
        if wanted[attachment_id] != found[attachment_id]:
            yield f"attachment {attachment_id} has other bytes in the destination"


def _copies(server: S3Server) -> Iterator[tuple[int, str]]:
    """Yield the attachments in the destination with the MD5 of their bytes."""
    for key, etag in objects(server, DESTINATION_BUCKET, "agency_id="):
        match = re.search(r"/attachment_id=(\d+)/", key)
        yield int(match[1]) if match else 0, etag
