"""Unit tests of :mod:`etl_core.runs.plan`."""

import unittest

from etl_core.errors import DataError, ReconciliationError
from etl_core.tests.worlds import FolderTest, make_unit


class PlanTest(FolderTest):
    """Units that are spooled."""

    def test_round_trip(self) -> None:
        """The units come back as often as they are asked for."""
        units = [make_unit(1, size=3), make_unit(2, attributes={"a": 1})]
        plan = self.plan_of(units)
        self.assertEqual(2, plan.listed)
        self.assertEqual(units, list(plan.units()))
        self.assertEqual(units, list(plan.units()))

    def test_no_units(self) -> None:
        """A plan can be empty."""
        self.assertEqual([], list(self.plan_of([]).units()))

    def test_lost_and_doubled_rows(self) -> None:
        """A stream that is shorter or longer than the count is refused."""
        for counted in (1, 3):
            with self.assertRaises(ReconciliationError) as caught:
                self.plan_of([make_unit(1), make_unit(2)], counted)
            self.assertEqual({"listed": counted, "read": 2}, caught.exception.context)

    def test_order(self) -> None:
        """Units out of order or with one key would be merged wrongly: refused."""
        for second in (
            make_unit(1),
            make_unit(2, destination=make_unit(3).destination),
        ):
            with self.assertRaisesRegex(DataError, "sample=. is out of order"):
                self.plan_of([make_unit(3), second])


if __name__ == "__main__":
    unittest.main()
