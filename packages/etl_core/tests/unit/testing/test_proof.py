"""Unit tests of :mod:`etl_core.testing.proof`: what is printed of a proof."""

import unittest

from etl_core.calls import Call
from etl_core.testing.crashpoints import Moment
from etl_core.testing.proof import Proof, table, to_json
from etl_core.testing.sweep import Point

PUT = Call("s3", "PutObject", "s3://bucket/key")
CALL = "s3 PutObject s3://bucket/key"
COMMIT = Call("postgresql", "commit", "host:5432/db")
DEATH = Point(1, 7, Moment.BEFORE, False, PUT, 2, "")


def rows_of(text: str) -> dict[str, list[str]]:
    """Return the cells of the table behind its operations."""
    lines = [line.split("\u2502") for line in text.splitlines()]
    return {
        cells[2].strip(): [cell.strip() for cell in cells[3:-1]]
        for cells in lines
        if len(cells) > 3
    }


class TableTest(unittest.TestCase):
    """What people read."""

    def test_a_row_for_each_operation(self) -> None:
        """The moments are columns, kills one more; zero is left out but for the sum."""
        points = [
            DEATH,
            DEATH._replace(moment=Moment.AFTER, difference="out/key: missing"),
            DEATH._replace(moment=Moment.AFTER, concurrency=4),
            DEATH._replace(killed=True),
            DEATH._replace(call=COMMIT, moment=Moment.LOST),
        ]
        self.assertEqual(
            {
                "commit": ["", "", "1", "", "0"],
                "PutObject": ["1", "2", "", "1", "1"],
            },
            rows_of(table(Proof({1: 7}, points, 1.0))),
        )

    def test_the_first_violation_is_explained(self) -> None:
        """Call, moment and difference, as they are, and the count comes last."""
        bad = DEATH._replace(killed=True, difference="out/[b]: missing")
        text = table(Proof({1: 7}, [DEATH, bad], 61.2))
        self.assertEqual(
            [
                f"the first violation, at concurrency 1: killed before call 7, {CALL}",
                "out/[b]: missing",
                "2 deaths, 1 violations, 61 s",
            ],
            text.splitlines()[-3:],
        )

    def test_deaths_that_did_not_happen(self) -> None:
        """They are counted and explained, and no operation has them."""
        text = table(Proof({4: 7}, [DEATH._replace(call=None)], 1.0))
        self.assertIn("1 deaths were not reached", text)
        self.assertEqual({}, rows_of(text))


class JsonTest(unittest.TestCase):
    """What programs read."""

    def test_numbers_and_calls(self) -> None:
        """Calls by concurrency, and no violation is null."""
        found = to_json(Proof({1: 7, 4: 8}, [DEATH, DEATH._replace(call=None)], 1.26))
        self.assertEqual(
            {
                "points": 2,
                "violations": 0,
                "seconds": 1.3,
                "calls": {"1": 7, "4": 8},
                "not_reached": 1,
                "first_violation": None,
            },
            found,
        )


if __name__ == "__main__":
    unittest.main()
