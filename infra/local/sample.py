"""The sample data: what the seeder is asked for, and what it has left.

The latter is read from the database and the bucket themselves, past the seeder and
the job, so that neither is believed.
"""

from typing import Any, NamedTuple

from etl_core.config import DatabaseSettings
from etl_core.database import DatabaseClient
from etl_core.testing.s3 import S3Server

SOURCE_BUCKET = "acme-uploads"
DESTINATION_BUCKET = "acme-bronze"
AGENCIES = (10, 11, 12)
SEED = (
    "run",
    "seed",
    "--",
    *(f"--agencies={len(AGENCIES)}", "--users=60", "--documents=600"),
    *("--attachments=2000", "--seed=3", f"--source-bucket={SOURCE_BUCKET}"),
)
ATTACHMENTS = """
    SELECT id, agency_id, object_key, size_bytes, status, bucket FROM attachment
"""


class Attachment(NamedTuple):
    """One row, and the MD5 of its object in the source bucket, if there is one."""

    id: int
    agency_id: int
    size_bytes: int
    is_offered: bool
    etag: str | None

    @property
    def is_to_be_copied(self) -> bool:
        """Whether its object must be in the destination after a run."""
        return self.is_offered and self.etag is not None


class Expected(NamedTuple):
    """What a run over an agency must find."""

    listed: int
    copied: int
    skipped: int
    quarantined: int
    bytes_copied: int


class Sample:
    """The attachments of all agencies.

    :param attachments: what is there.
    """

    def __init__(self, attachments: list[Attachment]) -> None:
        """Keep them."""
        self.attachments = attachments

    @classmethod
    def read(cls, settings: DatabaseSettings, server: S3Server) -> "Sample":
        """Look at the database and the source bucket."""
        etags = dict(objects(server, SOURCE_BUCKET, "uploads/"))
        with DatabaseClient(settings) as client:
            rows = client.execute_query(ATTACHMENTS)
        return cls([_attachment(row, etags) for row in rows])

    def expected(self, agency_id: int) -> Expected:
        """Return what the first run over an agency must find."""
        mine = [each for each in self.attachments if each.agency_id == agency_id]
        offered = [each for each in mine if each.is_offered]
        copied = [each for each in offered if each.is_to_be_copied]
        return Expected(
            listed=len(mine),
            copied=len(copied),
            skipped=len(mine) - len(offered),
            quarantined=len(offered) - len(copied),
            bytes_copied=sum(each.size_bytes for each in copied),
        )


def objects(server: S3Server, bucket: str, prefix: str) -> list[tuple[str, str]]:
    """Return key and MD5 of the objects below a prefix."""
    pages = server.create_client().get_paginator("list_objects_v2")
    return [
        (each["Key"], each["ETag"].strip('"'))
        for page in pages.paginate(Bucket=bucket, Prefix=prefix)
        for each in page.get("Contents", ())
    ]


def _attachment(row: dict[str, Any], etags: dict[str, str]) -> Attachment:
    """Return what is known of a row."""
    return Attachment(
        row["id"],
        row["agency_id"],
        row["size_bytes"],
        row["status"] == "stored" and row["bucket"] == SOURCE_BUCKET,
        etags.get(row["object_key"]),
    )
