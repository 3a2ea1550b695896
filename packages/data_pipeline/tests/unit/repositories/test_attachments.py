"""The repository of attachments, on a database that knows its answers."""

from datetime import timedelta
import unittest

from data_pipeline.repositories.attachments import (
    AGENCY_EXISTS,
    ATTACHMENT_FILES,
    AttachmentRepository,
    AttachmentSelection,
    COUNT_ATTACHMENT_FILES,
)
from data_pipeline.tests.seeds import AGENCY, attachment, AttachmentTable, CHANGED
from etl_core.errors import EtlError, TransientError
from etl_core.support.shards import Shard

EVERYTHING = AttachmentSelection(AGENCY)


class AttachmentRepositoryTest(unittest.TestCase):
    """Two rows of one agency."""

    def setUp(self) -> None:
        """Fill the table."""
        self.files = [attachment(1), attachment(2, size_bytes=None)]
        self.database = AttachmentTable(self.files).database()
        self.repository = AttachmentRepository(self.database)

    def test_rows_come_typed(self) -> None:
        """Every column of a row has its name."""
        with self.repository.snapshot() as rows:
            found = list(rows.get_attachment_files_for_s3_processing(EVERYTHING))
        self.assertEqual(self.files, found)

    def test_the_count_is_a_statement_of_its_own(self) -> None:
        """The rows are counted without being read, by the same parameters."""
        with self.repository.snapshot() as rows:
            self.assertEqual(2, rows.count_attachment_files(EVERYTHING))
            list(rows.get_attachment_files_for_s3_processing(EVERYTHING))
        counted, read = self.database.calls
        self.assertEqual(
            (COUNT_ATTACHMENT_FILES, ATTACHMENT_FILES), (counted.sql, read.sql)
        )
        self.assertEqual(counted.params, read.params)

    def test_agencies_are_known_by_their_id(self) -> None:
        """An agency is there or it is not."""
        with self.repository.snapshot() as rows:
            self.assertTrue(rows.has_agency(AGENCY))
            self.assertFalse(rows.has_agency(AGENCY + 1))
        self.assertEqual({AGENCY_EXISTS}, {asked.sql for asked in self.database.calls})

    def test_a_snapshot_is_one_transaction(self) -> None:
        """It is committed once, and says no more after its end."""
        with self.repository.snapshot() as rows:
            rows.has_agency(AGENCY)
        self.assertEqual((1, 0), (self.database.committed, self.database.rolled_back))
        with self.assertRaises(EtlError):
            rows.has_agency(AGENCY)

    def test_a_database_that_fails_is_never_an_empty_set(self) -> None:
        """A lost connection is raised and not taken for the end of the rows."""
        self.database.answers[ATTACHMENT_FILES] = TransientError("lost")
        with (
            self.assertRaisesRegex(TransientError, "lost"),
            self.repository.snapshot() as rows,
        ):
            list(rows.get_attachment_files_for_s3_processing(EVERYTHING))
        self.assertEqual(0, self.database.committed)


class AttachmentSelectionTest(unittest.TestCase):
    """Which rows are asked for, as bound parameters."""

    def test_nothing_narrows_by_default(self) -> None:
        """Only the agency is set."""
        self.assertEqual(
            {
                "agency_id": AGENCY,
                "start": None,
                "end": None,
                "ids": None,
                "shards": None,
                "shard": None,
                "limit": None,
            },
            EVERYTHING.parameters(),
        )

    def test_everything_can_be_narrowed(self) -> None:
        """The first shard, whose index is zero, is a shard too."""
        end = CHANGED + timedelta(days=1)
        chosen = AttachmentSelection(AGENCY, CHANGED, end, (7, 8), Shard(0, 3), 5)
        self.assertEqual(
            {
                "agency_id": AGENCY,
                "start": CHANGED,
                "end": end,
                "ids": [7, 8],
                "shards": 3,
                "shard": 0,
                "limit": 5,
            },
            chosen.parameters(),
        )

    def test_no_ids_are_not_all_ids(self) -> None:
        """An empty replay asks for no row instead of for every one."""
        self.assertEqual([], AttachmentSelection(AGENCY, ids=()).parameters()["ids"])


if __name__ == "__main__":
    unittest.main()
