"""Unit tests of :mod:`etl_core.runs.units`."""

import json
import unittest

import msgspec

from etl_core.runs.spool import ENCODER
from etl_core.runs.units import Destination, Line, Unit, utc_now
from etl_core.s3.store import ListedObject
from etl_core.tests.worlds import make_line, make_unit, TARGET


class UnitTest(unittest.TestCase):
    """Units and lines as they are stored."""

    def test_unit_round_trip(self) -> None:
        """A unit comes back from its line of the plan, whatever its parts are."""
        for unit in (
            make_unit(1),
            make_unit(2, size=0, skip="deleted", attributes={"name": "Ä \n"}),
        ):
            stored = ENCODER.encode(unit)
            self.assertEqual(unit, msgspec.json.decode(stored, type=Unit))

    def test_line_round_trip(self) -> None:
        """A line comes back from its line of the ledger."""
        line = make_line(1)
        self.assertEqual(line, Line.from_json(json.loads(json.dumps(line.to_json()))))

    def test_ledger_fields(self) -> None:
        """The fields that readers of a ledger rely on are there."""
        stored = make_line(1).to_json()
        self.assertLessEqual(
            {"unit", "source", "destination", "outcome", "reason", "attempt", "at"},
            set(stored),
        )
        self.assertEqual(
            {"bucket", "key", "etag", "version", "size"}, set(stored["source"])
        )
        self.assertEqual({"bucket", "key", "etag", "size"}, set(stored["destination"]))

    def test_destination_and_listing(self) -> None:
        """The ETag must agree, and the size where it is known."""
        listed = ListedObject("key", "etag", 7)
        for destination, agrees in (
            (Destination(TARGET, "key", "etag", 7), True),
            (Destination(TARGET, "key", "etag"), True),
            (Destination(TARGET, "key", "etag", 8), False),
            (Destination(TARGET, "key", "other", 7), False),
        ):
            self.assertEqual(agrees, destination.agrees_with(listed), destination)
            self.assertFalse(destination.agrees_with(None))

    def test_time(self) -> None:
        """Times are UTC with milliseconds."""
        self.assertRegex(utc_now(), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$")


if __name__ == "__main__":
    unittest.main()
