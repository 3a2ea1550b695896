"""The small world of the unit tests: an agency, its attachments and two buckets."""

from collections.abc import Iterable
from contextlib import redirect_stdout
from datetime import datetime, timezone
import io
import json
import os
from typing import Any, NamedTuple
from unittest import mock

from data_pipeline.jobs.get_s3_files import entrypoint
from data_pipeline.repositories.attachments import (
    AGENCY_EXISTS,
    ATTACHMENT_FILES,
    AttachmentFile,
    COUNT_ATTACHMENT_FILES,
)
from data_pipeline.services import ServiceHandler
from etl_core.calls import CallCounter, CallHook, direct
from etl_core.database import Parameters, Row
from etl_core.runs.lease import LeaseTimes
from etl_core.s3.store import ObjectRef
from etl_core.support.shards import Shard
from etl_core.testing.database import FakeDatabase
from etl_core.testing.store import FakeStore

AGENCY = 10
SOURCE, DESTINATION = "bucket-in", "bucket-out"
CHANGED = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)
BODY = b"the bytes of an attachment"
BUCKETS = ("--source-bucket", SOURCE, "--destination-bucket", DESTINATION)
AT_ONCE = LeaseTimes(wait=0.0, background=False)


def attachment(attachment_id: int = 789, **changes: Any) -> AttachmentFile:  # noqa: ANN401
    """Return a row whose object lies in the source bucket, with some facts changed."""
    row = AttachmentFile(
        attachment_id=attachment_id,
        document_id=456,
        user_id=123,
        agency_id=AGENCY,
        bucket=SOURCE,
        object_key=f"in/{attachment_id}",
        file_name="report.pdf",
        content_type="application/pdf",
        size_bytes=len(BODY),
        checksum_sha256="",
        status="stored",
        updated_at=CHANGED,
    )
    return row._replace(**changes)


class AttachmentTable:
    """Answers the statements of the repository as PostgreSQL does.

    :param files: the rows of the table.
    """

    def __init__(self, files: Iterable[AttachmentFile]) -> None:
        """Keep the rows."""
        self.files = list(files)

    def database(self) -> FakeDatabase:
        """Return a database that holds the table."""
        return FakeDatabase(
            {
                AGENCY_EXISTS: self.agency,
                COUNT_ATTACHMENT_FILES: lambda asked: [
                    {"listed": len(self.rows(asked))}
                ],
                ATTACHMENT_FILES: self.rows,
            }
        )

    def agency(self, asked: Parameters) -> list[Row]:
        """Return the one agency, if it is asked for."""
        assert isinstance(asked, dict)
        return [{"id": AGENCY}] if asked["agency_id"] == AGENCY else []

    def rows(self, asked: Parameters) -> list[Row]:
        """Return the rows that are asked for, in the order of their keys."""
        assert isinstance(asked, dict)
        chosen = [file._asdict() for file in self.files if _is_asked_for(file, asked)]
        return sorted(chosen, key=_key_order)[: asked["limit"]]


def _is_asked_for(file: AttachmentFile, asked: dict[str, Any]) -> bool:
    """Tell whether the predicate holds for a row."""
    start, end, ids, shards = (asked[it] for it in ("start", "end", "ids", "shards"))
    return (
        file.agency_id == asked["agency_id"]
        and (start is None or file.updated_at >= start)
        and (end is None or file.updated_at < end)
        and (ids is None or file.attachment_id in ids)
        and (
            shards is None
            or Shard(asked["shard"], shards).holds(str(file.attachment_id))
        )
    )


def _key_order(row: Row) -> tuple[str, ...]:
    """Return the ids as text, as the keys hold them."""
    return tuple(str(row[it]) for it in ("user_id", "document_id", "attachment_id"))


class Started(NamedTuple):
    """What became of one start of the job."""

    code: int
    result: dict[str, Any]


class World:
    """An agency with attachments whose objects are in place, on fakes.

    :param files: the rows; objects of the stored ones lie in their buckets.
    :param hook: sees every call to the store.
    """

    def __init__(self, *files: AttachmentFile, hook: CallHook = direct) -> None:
        """Make the table and the buckets."""
        self.table = AttachmentTable(files)
        self.database = self.table.database()
        self.calls = CallCounter(hook)
        self.store = FakeStore(SOURCE, DESTINATION, "elsewhere", hook=self.calls)
        for file in files:
            if file.status == "stored":
                self.store.seed(
                    ObjectRef(file.bucket, file.object_key),
                    BODY,
                    content_type=file.content_type,
                    metadata={"attachment": str(file.attachment_id)},
                )

    def start(self, *argv: str, agency: int = AGENCY, **environ: str) -> Started:
        """Start the job as the dispatcher does; what it raises passes through.

        :param argv: beside the agency and the buckets.
        :param environ: the only variables that the job sees.
        """
        arguments = ["--agency-id", str(agency), *BUCKETS, *argv]
        printed = io.StringIO()
        with mock.patch.dict(os.environ, environ, clear=True):
            services = ServiceHandler(self.store, self.database, self.calls, AT_ONCE)
            with redirect_stdout(printed):
                code = entrypoint(arguments, services)
        return Started(code, json.loads(printed.getvalue()))

    def copied(self) -> dict[str, bytes]:
        """Return the bytes of the destination objects of the agency, by key."""
        return self.store.bodies(DESTINATION, "agency_id=")

    def state(self) -> dict[str, bytes]:
        """Return the records of runs in the destination bucket, by key."""
        return self.store.bodies(DESTINATION, "_etl/")
