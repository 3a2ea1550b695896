"""The statements of the repository on a real PostgreSQL."""

from datetime import timedelta
from typing import Any
import unittest

from data_pipeline.repositories.attachments import (
    ATTACHMENT_FILES,
    AttachmentFile,
    AttachmentRepository,
    AttachmentSelection,
)
from data_pipeline.s3.keys import attachment_key
from data_pipeline.tests.integration.place import JobTestCase
from data_pipeline.tests.seeds import AGENCY, attachment, CHANGED
from etl_core.database import DatabaseClient
from etl_core.support.shards import Shard, shard_of

EVERYTHING = AttachmentSelection(AGENCY)
HUGE = 2**63 - 1


class AttachmentRepositoryTest(JobTestCase):
    """Rows of two agencies."""

    def setUp(self) -> None:
        """Make the repository."""
        super().setUp()
        self.repository = AttachmentRepository(self.database)

    def found(self, **chosen: Any) -> list[AttachmentFile]:  # noqa: ANN401
        """Return the rows that are asked for, after checking that they are counted."""
        selection = EVERYTHING._replace(**chosen)
        with self.repository.snapshot() as rows:
            found = list(rows.get_attachment_files_for_s3_processing(selection))
            self.assertEqual(len(found), rows.count_attachment_files(selection))
        return found

    def numbers(self, **chosen: Any) -> list[int]:  # noqa: ANN401
        """Return the ids of the rows that are asked for."""
        return [file.attachment_id for file in self.found(**chosen)]

    def test_rows_come_as_they_were_written(self) -> None:
        """Every column, with its type; what is unknown is None or empty."""
        known = attachment(
            1, checksum_sha256="0f" * 32, bucket="other", status="pending"
        )
        unknown = attachment(2, size_bytes=None, content_type="", bucket="other")
        self.add(known, unknown)
        self.assertEqual([known, unknown], self.found())

    def test_rows_come_in_the_order_of_their_keys(self) -> None:
        """Ids count as text, byte by byte, whatever the locale of the database."""
        ids = (1, 2, 9, 10, 11, 19, 100, 101, 1000, HUGE)
        files = [
            attachment(ids[at], user_id=ids[-at % 4], document_id=ids[-at % 4])
            for at in range(len(ids))
        ]
        self.add(*files)
        keys = [attachment_key("", file).encode() for file in self.found()]
        self.assertEqual((len(files), sorted(keys)), (len(keys), keys))

    def test_an_agency_has_its_own_rows(self) -> None:
        """Those of another are neither read nor counted."""
        self.add(
            attachment(1),
            attachment(2, agency_id=AGENCY + 1, user_id=124, document_id=457),
        )
        self.assertEqual([1], self.numbers())
        self.assertEqual([2], self.numbers(agency_id=AGENCY + 1))
        with self.repository.snapshot() as rows:
            known = [rows.has_agency(AGENCY + more) for more in range(3)]
        self.assertEqual([True, True, False], known)

    def test_times_are_half_open(self) -> None:
        """Ranges that meet hold every row once."""
        day = timedelta(days=1)
        self.add(*(attachment(n, updated_at=CHANGED + n * day) for n in (1, 2, 3)))
        self.assertEqual([2, 3], self.numbers(start=CHANGED + 2 * day))
        self.assertEqual([1], self.numbers(end=CHANGED + 2 * day))
        self.assertEqual([1], self.numbers(start=CHANGED + day, end=CHANGED + 2 * day))

    def test_ids_choose_rows(self) -> None:
        """Unknown ones are no rows, and none are no rows."""
        self.add(*map(attachment, (1, 2, 3)))
        self.assertEqual([1, 3], self.numbers(ids=[3, 1, 4]))
        self.assertEqual([], self.numbers(ids=[]))

    def test_a_limit_takes_the_first_rows(self) -> None:
        """The count is limited alike."""
        self.add(*map(attachment, (9, 10, 11)))
        self.assertEqual([10, 11], self.numbers(limit=2))

    def test_shards_are_those_of_python(self) -> None:
        """SQL and Python put every row into the same shard."""
        ids = [*range(1, 40), HUGE]
        self.add(*map(attachment, ids))
        for index in range(7):
            mine = sorted(n for n in ids if shard_of(str(n), 7) == index)
            self.assertEqual(mine, sorted(self.numbers(shard=Shard(index, 7))))

    def test_a_snapshot_sees_one_moment(self) -> None:
        """A row that is written meanwhile is neither counted nor read."""
        self.add(attachment(1))
        with self.repository.snapshot() as rows:
            self.assertEqual(1, rows.count_attachment_files(EVERYTHING))
            with DatabaseClient(self.settings) as other:
                other.execute_query(
                    "INSERT INTO attachment (id, document_id, user_id, agency_id, "
                    "bucket, object_key, file_name, status) "
                    "SELECT 2, document_id, user_id, agency_id, bucket, object_key, "
                    "file_name, status FROM attachment"
                )
            found = list(rows.get_attachment_files_for_s3_processing(EVERYTHING))
        self.assertEqual((1, 2), (len(found), len(self.numbers())))

    def test_rows_stream_out_of_an_index(self) -> None:
        """Nothing is sorted: the first row of a large agency comes at once."""
        self.insert_many(20_000, stored=0)
        plan = self.database.execute_query(
            f"EXPLAIN {ATTACHMENT_FILES}", EVERYTHING._replace(limit=100).parameters()
        )
        text = "\n".join(str(row["QUERY PLAN"]) for row in plan)
        self.assertIn("attachment_key_order_idx", text)
        self.assertNotIn("Sort", text)


if __name__ == "__main__":
    unittest.main()
