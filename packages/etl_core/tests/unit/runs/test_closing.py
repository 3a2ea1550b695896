"""Unit tests of :mod:`etl_core.runs.closing`."""

from collections.abc import Iterable
import unittest

from etl_core.errors import ReconciliationError
from etl_core.runs.closing import check_size, settle, settled
from etl_core.runs.units import Destination, Line
from etl_core.s3.store import ListedObject
from etl_core.tests.worlds import FolderTest, make_line, make_unit, TARGET

LISTED = ListedObject(make_unit(1).destination, "etag-1", 7)


class SettleTest(unittest.TestCase):
    """One line and what the closing listing says of it."""

    def assert_quarantined(self, reason: str, line: Line) -> None:
        """Expect another outcome; the object is still named."""
        self.assertEqual(("quarantined", reason), line[3:5])
        self.assertEqual(make_line(1).destination.key, line.destination.key)

    def test_confirmed(self) -> None:
        """A line gets the size that the listing shows."""
        place = Destination(TARGET, LISTED.key, "etag-1")
        line = make_line(1, destination=place)
        self.assertEqual(make_line(1), settle(line, LISTED))

    def test_missing(self) -> None:
        """An object that is not there any more is no success."""
        self.assert_quarantined("destination_missing", settle(make_line(1), None))

    def test_another_object(self) -> None:
        """An object with another ETag is not what was copied."""
        listed = LISTED._replace(etag="etag-2")
        self.assert_quarantined("etag_mismatch", settle(make_line(1), listed))

    def test_unchanged_too(self) -> None:
        """An unchanged unit is looked at like one that is done."""
        line = make_line(1, outcome="unchanged")
        self.assert_quarantined("destination_missing", settle(line, None))

    def test_nothing_in_place(self) -> None:
        """What made no object needs none."""
        for outcome in ("skipped", "quarantined"):
            line = make_line(1, outcome=outcome)
            self.assertEqual(line, settle(line, None))

    def test_size(self) -> None:
        """The size must be what the unit says, if it says."""
        for size in (7, None):
            line = make_line(1)
            self.assertEqual(line, check_size(make_unit(1, size=size), line))
        for size in (8, 0):
            unit = make_unit(1, size=size)
            self.assert_quarantined("size_mismatch", check_size(unit, make_line(1)))
        skipped = make_line(1, outcome="skipped")
        self.assertEqual(skipped, check_size(make_unit(1, size=8), skipped))


class SettledTest(FolderTest):
    """A plan of three units and their lines."""

    def settled(
        self, *numbers: int, listing: Iterable[ListedObject] | None = None
    ) -> list[tuple[str, str]]:
        """Return unit and outcome of the plan, with the lines of some units."""
        plan = self.plan_of([make_unit(number) for number in (1, 2, 3)])
        lines = settled(plan, map(make_line, numbers), listing)
        return [(unit.key, line.outcome) for unit, line in lines]

    def test_every_unit_once(self) -> None:
        """Each unit has one line, also when others are about."""
        expected = [(f"sample={number}", "done") for number in (1, 2, 3)]
        self.assertEqual(expected, self.settled(0, 1, 2, 2, 3, 4))

    def test_unit_without_a_line(self) -> None:
        """A unit that nobody accounts for fails the run."""
        for numbers in ((2, 3), (1, 3), (1, 2), ()):
            with self.assertRaisesRegex(ReconciliationError, "has no outcome"):
                self.settled(*numbers)

    def test_listing(self) -> None:
        """With a listing every line needs its object in it."""
        outcomes = self.settled(1, 2, 3, listing=[LISTED])
        self.assertEqual(
            ["done", "quarantined", "quarantined"], [it[1] for it in outcomes]
        )


if __name__ == "__main__":
    unittest.main()
