"""The ``attachment`` table: files of documents, and where each is stored."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from etl_core.database import DatabaseClient, Queries
from etl_core.support.shards import Shard

AGENCY_EXISTS = """
    SELECT id FROM agency WHERE id = %(agency_id)s
"""

# The shard of a row is that of etl_core.support.shards.shard_of(text of its id).
_CHOSEN = """
    FROM attachment
    WHERE agency_id = %(agency_id)s
        AND (%(start)s::timestamptz IS NULL OR updated_at >= %(start)s::timestamptz)
        AND (%(end)s::timestamptz IS NULL OR updated_at < %(end)s::timestamptz)
        AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s::bigint[]))
        AND (
            %(shards)s::bigint IS NULL
            OR ('x' || substr(md5(id::text), 1, 8))::bit(32)::bigint
                %% %(shards)s::bigint = %(shard)s::bigint
        )
"""

COUNT_ATTACHMENT_FILES = (
    """
    SELECT least(count(*), %(limit)s::bigint) AS listed
"""
    + _CHOSEN
)

# Ordered as S3 lists the destination keys, which hold the ids as text.
ATTACHMENT_FILES = (
    """
    SELECT
        id AS attachment_id,
        document_id,
        user_id,
        agency_id,
        bucket,
        object_key,
        file_name,
        content_type,
        size_bytes,
        checksum_sha256,
        status,
        updated_at
"""
    + _CHOSEN
    + """
    ORDER BY
        user_id::text COLLATE "C",
        document_id::text COLLATE "C",
        id::text COLLATE "C"
    LIMIT %(limit)s::bigint
"""
)


class AttachmentFile(NamedTuple):
    """One row of ``attachment``.

    :param size_bytes: ``None`` when unknown.
    :param checksum_sha256: hexadecimal, empty when unknown.
    :param status: ``stored``, ``pending`` or ``deleted``.
    """

    attachment_id: int
    document_id: int
    user_id: int
    agency_id: int
    bucket: str
    object_key: str
    file_name: str
    content_type: str
    size_bytes: int | None
    checksum_sha256: str
    status: str
    updated_at: datetime


class AttachmentSelection(NamedTuple):
    """Which rows are asked for.

    :param start: last written at this time or later.
    :param end: last written before this time.
    :param ids: only these attachments; ``None`` for all.
    :param shard: only this part of them.
    :param limit: at most so many.
    """

    agency_id: int
    start: datetime | None = None
    end: datetime | None = None
    ids: Sequence[int] | None = None
    shard: Shard | None = None
    limit: int | None = None

    def parameters(self) -> dict[str, Any]:
        """Return the bound parameters of the statements."""
        return {
            "agency_id": self.agency_id,
            "start": self.start,
            "end": self.end,
            "ids": None if self.ids is None else list(self.ids),
            "shards": self.shard.count if self.shard else None,
            "shard": self.shard.index if self.shard else None,
            "limit": self.limit,
        }


class AttachmentSnapshot:
    """Questions whose answers agree, because they see one moment.

    :param queries: of one transaction.
    """

    def __init__(self, queries: Queries) -> None:
        """Keep the transaction."""
        self._queries = queries

    def has_agency(self, agency_id: int) -> bool:
        """Tell whether there is such an agency."""
        found = self._queries.execute_query(AGENCY_EXISTS, {"agency_id": agency_id})
        return bool(found)

    def count_attachment_files(self, selection: AttachmentSelection) -> int:
        """Count the rows that are asked for, without reading them."""
        [row] = self._queries.execute_query(
            COUNT_ATTACHMENT_FILES, selection.parameters()
        )
        return int(row["listed"])

    def get_attachment_files_for_s3_processing(
        self, selection: AttachmentSelection
    ) -> Iterator[AttachmentFile]:
        """Yield the rows that are asked for, in the order of their destination keys."""
        rows = self._queries.stream(ATTACHMENT_FILES, selection.parameters())
        return (AttachmentFile(**row) for row in rows)


class AttachmentRepository:
    """Reads the ``attachment`` table.

    :param database: runs the statements.
    """

    def __init__(self, database: DatabaseClient) -> None:
        """Keep the client."""
        self._database = database

    @contextmanager
    def snapshot(self) -> Iterator[AttachmentSnapshot]:
        """Open a read-only transaction that sees one moment."""
        with self._database.transaction(read_only=True) as transaction:
            yield AttachmentSnapshot(transaction)
