"""Many rows: memory stays flat, and a second run asks for next to nothing."""

import hashlib
from typing import Any
import unittest

from data_pipeline.tests.integration.place import JobTestCase, RUN
from data_pipeline.tests.seeds import AGENCY
from etl_core.testing.genuine import require


class MemoryTest(JobTestCase):
    """Runs over few and many rows.

    Most rows are deleted ones, which are read, planned, decided, written to ledger
    and manifest, read again and counted, but not copied: an emulator would take an
    hour for the copies. The copies of the others go through journal, closing listing
    and index. What grows with the number of copies is measured, on a store that
    makes up its objects, by the performance tests.
    """

    def peak(self, rows: int) -> float:
        """Return the most memory that a run over so many rows took, in MiB."""
        self.add_many(rows, stored=200)
        ended, peak = self.measure([*RUN, "--agency-id", str(AGENCY)])
        self.assertEqual(0, ended.code, ended.stderr)
        self.assert_counts(ended.result, done=200, skipped=rows - 200)
        self.assertEqual(rows, ended.result["listed"])
        return peak

    def test_memory_does_not_grow_with_the_rows(self) -> None:
        """Ten times as many take at most a fifth more."""
        few = self.peak(20_000)
        self.remove_rows()
        self.destination = self.bucket("many")
        many = self.peak(200_000)
        self.assertLess(many, few * 1.2, f"{few:.0f} MiB, then {many:.0f} MiB")


class GenuineServersTest(JobTestCase):
    """Twenty thousand attachments on PostgreSQL and a genuine S3 server."""

    ROWS = 20_000

    @classmethod
    def setUpClass(cls) -> None:
        """Skip without such servers."""
        require("postgresql")
        require("s3")
        super().setUpClass()

    def requests(self, result: dict[str, Any], operation: str) -> int:
        """Return how many requests of an operation a run sent."""
        return int(result["requests"].get(operation, 0))

    def test_a_second_run_costs_listings(self) -> None:
        """The ledger accounts for every row, and what is there is not copied again."""
        self.add_many(self.ROWS, stored=self.ROWS)
        first = self.run_job()
        self.assert_counts(first, done=self.ROWS)
        counted = self.database.execute_query("SELECT count(*) AS rows FROM attachment")
        self.assertEqual([{"rows": self.ROWS}], counted)
        self.assertEqual(self.ROWS, len({it["unit"] for it in self.lines(first)}))
        self.assertEqual(self.ROWS, self.requests(first, "CopyObject"))
        second = self.run_job()
        self.assert_counts(second, unchanged=self.ROWS)
        self.assertEqual(self.ROWS, len({it["unit"] for it in self.lines(second)}))
        pages = self.pages()
        self.assertEqual(len(pages), self.requests(second, "ListObjectsV2"))
        # The rest is lease, record, index and ledger.
        known = {"HeadBucket", "ListObjectsV2", "GetObject", "PutObject"}
        self.assertEqual(set(), set(second["requests"]) - known)
        etags = [_md5(str(number)) for number in range(1, self.ROWS + 1)]
        self.assertEqual(sorted(etags), sorted(etag for page in pages for etag in page))

    def pages(self) -> list[list[str]]:
        """Return the ETags of all copies, page by page, as the server lists them."""
        listing = self.client.get_paginator("list_objects_v2")
        return [
            [found["ETag"].strip('"') for found in page.get("Contents", ())]
            for page in listing.paginate(Bucket=self.destination, Prefix="agency_id=")
        ]


def _md5(text: str) -> str:
    """Return the ETag of an object that holds a text."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


if __name__ == "__main__":
    unittest.main()
