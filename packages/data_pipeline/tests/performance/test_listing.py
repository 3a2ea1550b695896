"""A million rows, seeded and then read as the job reads them."""

import os
import sys
import unittest

from data_pipeline.tests.integration.place import JobTestCase
from data_pipeline.tests.seeds import AGENCY

ROWS = int(os.environ.get("ETL_BENCH_ROWS", "1000000"))
LISTER = f"""
from data_pipeline.repositories.attachments import (
    AttachmentRepository, AttachmentSelection
)
from etl_core.database import DatabaseClient
chosen = AttachmentSelection({AGENCY})
with DatabaseClient() as client, AttachmentRepository(client).snapshot() as rows:
    counted = rows.count_attachment_files(chosen)
    read = sum(1 for _ in rows.get_attachment_files_for_s3_processing(chosen))
print(counted, read)
"""
LIMIT_MIB = 128.0


class ListingTest(JobTestCase):
    """One agency with all of the rows."""

    def test_memory_of_the_seeder_and_of_the_listing(self) -> None:
        """Neither grows with the rows: a tenth of them needs about as much."""
        few = self.peaks(ROWS // 10)
        self.remove_rows()
        many = self.peaks(ROWS)
        sys.stderr.write(
            f"{ROWS:,} rows: seeding took {many[0]:.0f} MiB, listing {many[1]:.0f} MiB;"
            f" a tenth {few[0]:.0f} and {few[1]:.0f} MiB\n"
        )
        for small, large in zip(few, many, strict=True):
            self.assertLess(large, small * 1.2)
            self.assertLess(large, LIMIT_MIB)

    def peaks(self, rows: int) -> tuple[float, float]:
        """Return the memory of the seeder and of a process that lists, in MiB."""
        seeding = self.seed(rows, "--rows-only")
        ended, listing = self.measure([sys.executable, "-c", LISTER])
        self.assertEqual((0, f"{rows} {rows}\n"), (ended.code, ended.stdout))
        return seeding, listing


if __name__ == "__main__":
    unittest.main()
