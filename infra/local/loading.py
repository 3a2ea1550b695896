"""Loads the sample data into the database and the buckets."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
import json
from typing import Any, NamedTuple

import sample

from etl_core.config import DatabaseSettings
from etl_core.database import DatabaseClient
from etl_core.testing.s3 import S3Server

WORKERS = 4

# Ids given, as they are here, are not taken from the sequence; move it past them.
INSERTS = {
    "agency": "INSERT INTO agency (id, name)"
    " SELECT id, name FROM jsonb_populate_recordset(NULL::agency, %(rows)s::jsonb)",
    "app_user": "INSERT INTO app_user (id, agency_id, email, full_name)"
    " SELECT id, agency_id, email, full_name"
    " FROM jsonb_populate_recordset(NULL::app_user, %(rows)s::jsonb)",
    "user_document": "INSERT INTO user_document (id, agency_id, user_id, title)"
    " SELECT id, agency_id, user_id, title"
    " FROM jsonb_populate_recordset(NULL::user_document, %(rows)s::jsonb)",
    "attachment": "INSERT INTO attachment (id, agency_id, user_id, document_id,"
    " bucket, object_key, file_name, content_type, size_bytes, checksum_sha256,"
    " status)"
    " SELECT id, agency_id, user_id, document_id, bucket, object_key, file_name,"
    " content_type, size_bytes, checksum_sha256, status"
    " FROM jsonb_populate_recordset(NULL::attachment, %(rows)s::jsonb)",
}
MOVE_SEQUENCE = (
    "SELECT setval(pg_get_serial_sequence(%(table)s, 'id'), %(last)s) AS last"
)


class Loaded(NamedTuple):
    """How many objects were put there, and their bytes together."""

    objects: int
    size: int


def load_rows(settings: DatabaseSettings) -> None:
    """Insert the rows of all tables in one transaction."""
    tables: dict[str, Iterable[dict[str, Any]]] = {
        "agency": sample.agencies(),
        "app_user": sample.users(),
        "user_document": sample.documents(),
        "attachment": (each.row() for each in sample.attachments()),
    }
    with DatabaseClient(settings) as client, client.transaction() as queries:
        for table, found in tables.items():
            rows = list(found)
            queries.execute_query(INSERTS[table], {"rows": json.dumps(rows)})
            last = max(row["id"] for row in rows)
            queries.execute_query(MOVE_SEQUENCE, {"table": table, "last": last})


def load_objects(server: S3Server) -> Loaded:
    """Put the objects into their buckets."""
    client = server.create_client()
    for bucket in (
        sample.SOURCE_BUCKET,
        sample.OTHER_BUCKET,
        sample.DESTINATION_BUCKET,
    ):
        server.create_bucket(bucket)

    def put(attachment: sample.Attachment) -> int:
        client.put_object(
            Bucket=attachment.bucket,
            Key=attachment.object_key,
            Body=attachment.body,
            ContentType=attachment.content_type or "binary/octet-stream",
            Metadata={"uploaded-by": str(attachment.user_id)},
        )
        return attachment.size_bytes

    there = [each for each in sample.attachments() if _is_there(each)]
    with ThreadPoolExecutor(WORKERS) as executor:
        try:
            return Loaded(len(there), sum(executor.map(put, there)))
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise


def _is_there(attachment: sample.Attachment) -> bool:
    """Return whether the object of a row exists."""
    return attachment.status == "stored" and not attachment.is_missing
