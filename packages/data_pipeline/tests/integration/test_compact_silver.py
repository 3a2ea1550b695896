"""The job over real sockets, on a table that another library reads."""

import unittest

from data_pipeline.tests.integration.silver_place import SilverTestCase
from etl_core.errors import ExitCode


class CompactSilverTest(SilverTestCase):
    """A table of many commits."""

    def test_compaction(self) -> None:
        """Delta's own library reads the same rows from fewer files."""
        for number in range(3):
            self.put(f"{number}.csv", f"{number},n,1,x")
            self.fill()
        before = self.delta_rows()
        self.assertEqual(3, len(self.delta_table().file_uris()))
        code, result = self.start("compact_silver", f"--destination={self.table}")
        self.assertEqual((ExitCode.OK, 3, 1), (code, *_counts(result)))
        self.assertEqual(before, self.delta_rows())
        self.assertEqual(1, len(self.delta_table().file_uris()))
        self.put("0.csv", "0,n,9,corrected")
        self.fill()
        self.assertIn(("0", 9), self.delta_rows())


def _counts(result: dict[str, int]) -> tuple[int, int]:
    """Return files merged, and files made."""
    return result["merged_files"], result["into"]


if __name__ == "__main__":
    unittest.main()
