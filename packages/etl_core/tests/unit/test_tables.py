"""Unit tests of :mod:`etl_core.tables`."""

import unittest

from etl_core.tables import render

RUN_ID = "20261121T153020-c44a14fb"
ROW = {
    "run_id": RUN_ID,
    "ended": "2026-11-21T15:30:20.837+00:00",
    "lease": None,
    "totals": {"listed": 1900, "done": 3},
}


class RowsTest(unittest.TestCase):
    """A result that is a list of rows."""

    def setUp(self) -> None:
        """Draw it."""
        self.lines = render({"runs": [ROW]}).splitlines()

    def test_inner_facts_are_columns(self) -> None:
        """The totals of a run stand under names of their own."""
        [head] = [line for line in self.lines if "run_id" in line]
        self.assertEqual(["run_id", "ended", "listed", "done"], head.split())

    def test_a_row_is_one_line(self) -> None:
        """Id, time and numbers can be read in one piece."""
        [row] = [line for line in self.lines if RUN_ID in line]
        self.assertEqual([RUN_ID, "2026-11-21", "15:30:20", "1,900", "3"], row.split())

    def test_empty_columns_are_left_out(self) -> None:
        """What no row knows is not shown."""
        self.assertNotIn("lease", "".join(self.lines))


if __name__ == "__main__":
    unittest.main()
