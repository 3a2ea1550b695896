"""Unit tests of :mod:`etl_core.runs.ledger`."""

import unittest
from unittest import mock

from etl_core.errors import DataError, LeaseLost, ReconciliationError
from etl_core.runs.index import StoredFile
from etl_core.runs.ledger import LedgerWriter, read_totals, reconcile, Totals
from etl_core.runs.spool import LineWriter, read_lines, sha256_of
from etl_core.runs.units import Line
from etl_core.s3.store import ObjectRef
from etl_core.testing.store import FakeStore
from etl_core.tests.worlds import FolderTest, make_line, make_scope, make_totals, TARGET


class LedgerTest(FolderTest):
    """A ledger whose parts have two lines."""

    def setUp(self) -> None:
        """Make the bucket."""
        super().setUp()
        small = mock.patch("etl_core.runs.ledger.PART_LINES", 2)
        small.start()
        self.addCleanup(small.stop)
        self.store = FakeStore(TARGET)
        self.fenced = False

    def check(self) -> None:
        """Refuse when the lease was taken over."""
        if self.fenced:
            raise LeaseLost

    def stored(self, *lines: Line) -> list[StoredFile]:
        """Write a ledger and return its parts."""
        ledger = LedgerWriter(
            self.store, make_scope().attempt("r", 1), self.folder, self.check
        )
        for line in lines:
            ledger.write(line)
        parts = ledger.finish()
        ledger.close()
        return parts

    def totals(self, parts: list[StoredFile]) -> Totals:
        """Read the parts again."""
        return read_totals(self.store, TARGET, parts, self.folder)

    def shortened(self, part: StoredFile) -> StoredFile:
        """Take a line out of a stored part, and return what fits it."""
        path = self.folder / "short"
        path.write_bytes(self.store.bodies(TARGET)[part.key])
        lines = list(read_lines(path))
        with LineWriter(path) as shorter:
            for line in lines[1:]:
                shorter.write(line)
        self.store.seed(ObjectRef(TARGET, part.key), path.read_bytes())
        return part._replace(sha256=sha256_of(path))

    def test_fenced(self) -> None:
        """Whoever lost the lease stores no part any more."""
        self.fenced = True
        with self.assertRaises(LeaseLost):
            self.stored(make_line(1))
        self.assertEqual({}, self.store.bodies(TARGET))

    def test_parts(self) -> None:
        """A ledger is cut into parts, each with its lines and first and last key."""
        parts = self.stored(*map(make_line, (1, 2, 3)))
        self.assertEqual([2, 1], [part.lines for part in parts])
        keys = [make_line(number).destination.key for number in (1, 2, 3)]
        self.assertEqual(
            [(keys[0], keys[1]), (keys[2], keys[2])],
            [(part.first, part.last) for part in parts],
        )

    def test_full_last_part(self) -> None:
        """No empty part follows a full one, but an empty ledger has one."""
        self.assertEqual(1, len(self.stored(make_line(1), make_line(2))))
        self.assertEqual([0], [part.lines for part in self.stored()])

    def test_totals(self) -> None:
        """Outcomes, reasons and bytes are added up from what is stored."""
        parts = self.stored(
            make_line(1),
            make_line(2),
            make_line(3, outcome="unchanged", reason="same"),
            make_line(4, outcome="skipped", reason="deleted"),
            make_line(5, outcome="quarantined", reason="archived"),
        )
        expected = Totals(
            {"done": 2, "unchanged": 1, "skipped": 1, "quarantined": 1},
            {
                "done: copied": 2,
                "unchanged: same": 1,
                "skipped: deleted": 1,
                "quarantined: archived": 1,
            },
            14,
        )
        self.assertEqual(expected, self.totals(parts))

    def test_changed_part(self) -> None:
        """A part that lost a line after it was written is refused."""
        parts = self.stored(*map(make_line, (1, 2, 3)))
        self.shortened(parts[0])
        with self.assertRaises(DataError):
            self.totals(parts)

    def test_short_part(self) -> None:
        """A line that is missing although the checksum fits is missed by the count."""
        first, second = self.stored(*map(make_line, (1, 2, 3)))
        totals = self.totals([self.shortened(first), second])
        with self.assertRaises(ReconciliationError):
            reconcile(3, totals)

    def test_reconcile(self) -> None:
        """The outcomes must add up to what was listed, no more and no less."""
        totals = make_totals(done=2, quarantined=1)
        reconcile(3, totals)
        for listed in (2, 4):
            with self.assertRaisesRegex(ReconciliationError, f"^{listed} .* for 3"):
                reconcile(listed, totals)

    def test_unknown_outcome(self) -> None:
        """A line with an outcome that is none does not count as one."""
        with self.assertRaises(ReconciliationError):
            reconcile(2, make_totals(done=1, pending=1))


if __name__ == "__main__":
    unittest.main()
