"""Every row of a bronze object is accounted for, or nothing is committed."""

import io
from pathlib import Path
import unittest
from unittest import mock

from data_pipeline.repositories.duck import Written
from data_pipeline.repositories.silver import SilverRows
from data_pipeline.silver.batch import require_rows
from data_pipeline.silver.receipts import read_receipt, Receipt
from data_pipeline.tests.silver_stand import SilverPlace
from etl_core.errors import ReconciliationError
from etl_core.s3.store import ObjectRef
from etl_core.testing.store import FakeStore

WHOLE = Receipt("s3://b/k", "e", "f", "c", 10, 5, 3, 1, 1, {"n: bad": 1}, None)


class ReceiptTest(unittest.TestCase):
    """A receipt of ten rows."""

    def test_all_accounted_for(self) -> None:
        """Silver, duplicates, quarantined and elsewhere add up to the rows."""
        WHOLE.check()

    def test_rows_that_are_missing_or_double(self) -> None:
        """One row more or less, or less than none, is an error."""
        for wrong in (
            WHOLE._replace(silver=4),
            WHOLE._replace(duplicates=4),
            WHOLE._replace(silver=9, duplicates=-1),
        ):
            with self.subTest(wrong), self.assertRaises(ReconciliationError):
                wrong.check()

    def test_stored(self) -> None:
        """A receipt is read as it was written, and the same has the same bytes."""
        store, place = FakeStore("b"), ObjectRef("b", "k")
        store.put(place, io.BytesIO(WHOLE.to_bytes()))
        self.assertEqual(WHOLE, read_receipt(store, place))
        self.assertEqual(WHOLE.to_bytes(), WHOLE._replace().to_bytes())

    def test_files_with_another_number_of_rows(self) -> None:
        """Files that were written are counted before they are committed."""
        written = [Written(Path("a"), 3, 10, {}, {}, {}, {})] * 2
        require_rows(written, 6)
        with self.assertRaises(ReconciliationError):
            require_rows(written, 7)

    def test_nothing_is_committed(self) -> None:
        """A batch whose winners are more than its rows leaves no table."""
        place = SilverPlace()
        place.put("a.csv", "1,n,1,x")
        too_many = mock.patch.object(SilverRows, "settle", return_value=({0: 2}, {}))
        with too_many, self.assertRaises(ReconciliationError):
            place.run()
        self.assertEqual(-1, place.snapshot().version)


if __name__ == "__main__":
    unittest.main()
