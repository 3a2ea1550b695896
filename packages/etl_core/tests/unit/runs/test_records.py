"""Unit tests of :mod:`etl_core.runs.records`."""

import unittest

from etl_core.errors import ConditionFailed, DataError
from etl_core.runs.records import NO_RECORD, read_record, write_record
from etl_core.s3.store import ObjectRef
from etl_core.testing.crashpoints import CrashAt, Moment
from etl_core.testing.store import FakeStore
from etl_core.tests.worlds import PATIENT, TARGET

REF = ObjectRef(TARGET, "record.json")


class RecordTest(unittest.TestCase):
    """A record in an empty bucket."""

    def setUp(self) -> None:
        """Make the bucket."""
        self.store = FakeStore(TARGET)

    def test_round_trip(self) -> None:
        """What was written is read back, with the ETag that the next writer needs."""
        written = write_record(self.store, REF, {"a": 1}, "")
        self.assertEqual(written, read_record(self.store, REF))
        write_record(self.store, REF, {"a": 2}, written.etag)
        self.assertEqual({"a": 2}, read_record(self.store, REF).content)

    def test_no_record(self) -> None:
        """Where nothing lies there is no record."""
        self.assertEqual(NO_RECORD, read_record(self.store, REF))

    def test_something_else(self) -> None:
        """What is no JSON is refused, not replaced."""
        self.store.seed(REF, b"a text")
        with self.assertRaisesRegex(DataError, f"{REF.url} is not a record"):
            read_record(self.store, REF)

    def test_lost_race(self) -> None:
        """Who read before somebody else wrote, writes nothing."""
        first = write_record(self.store, REF, {"by": "one"}, "")
        write_record(self.store, REF, {"by": "two"}, first.etag)
        for etag in ("", first.etag):
            with self.assertRaises(ConditionFailed):
                write_record(self.store, REF, {"by": "one"}, etag)
        self.assertEqual({"by": "two"}, read_record(self.store, REF).content)

    def test_lost_answer(self) -> None:
        """A write whose answer was lost is recognised by reading it back."""
        store = FakeStore(TARGET, hook=CrashAt(1, Moment.LOST), retry=PATIENT)
        written = write_record(store, REF, {"by": "one", "pair": (1, 2)}, "")
        self.assertEqual(written.etag, read_record(store, REF).etag)
        self.assertEqual(2, [it.operation for it in store.requests].count("PutObject"))


if __name__ == "__main__":
    unittest.main()
