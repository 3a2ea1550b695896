"""Unit tests of :mod:`etl_core.runs.journal`."""

import random
import unittest

from etl_core.errors import LeaseLost
from etl_core.runs.journal import FLUSH_SECONDS, Journal, read_journals
from etl_core.runs.spool import MERGED_FILES
from etl_core.runs.units import Line
from etl_core.testing.store import FakeStore
from etl_core.tests.worlds import FakeClock, FolderTest, make_line, make_scope, TARGET

RUN = "r"


class JournalTest(FolderTest):
    """Journals of one run."""

    def setUp(self) -> None:
        """Make the bucket."""
        super().setUp()
        self.store = FakeStore(TARGET)
        self.clock = FakeClock()
        self.lost = False

    def check(self) -> None:
        """Raise when the lease is lost."""
        if self.lost:
            raise LeaseLost

    def journal(self, attempt: int = 1) -> Journal:
        """Return the journal of an attempt, in a folder of its own."""
        folder = self.folder / f"attempt-{attempt}"
        folder.mkdir()
        state = make_scope().attempt(RUN, attempt)
        return Journal(self.store, state, folder, self.check, self.clock)

    def parts(self) -> int:
        """Return how many parts are stored."""
        return len(self.store.bodies(TARGET))

    def read(self, attempts: int) -> list[Line]:
        """Read the journals of some attempts."""
        scope = make_scope()
        return list(read_journals(self.store, scope, RUN, attempts, self.folder))

    def test_round_trip(self) -> None:
        """Lines come back sorted by destination, then attempt."""
        first, second = self.journal(1), self.journal(2)
        for number in (3, 1):
            first.add(make_line(number))
        first.flush()
        for number in (2, 1):
            second.add(make_line(number, attempt=2, outcome="pending"))
        second.flush()
        self.assertEqual(
            [("sample=1", 1), ("sample=1", 2), ("sample=2", 2), ("sample=3", 1)],
            [(line.unit, line.attempt) for line in self.read(2)],
        )
        self.assertEqual((2, 0), (first.done, first.pending))
        self.assertEqual((0, 2), (second.done, second.pending))

    def test_own_lines(self) -> None:
        """The attempt itself has them sorted too."""
        journal = self.journal()
        for number in (2, 1):
            journal.add(make_line(number))
        self.assertEqual([make_line(1), make_line(2)], list(journal.sorted_lines()))

    def test_stored_in_time(self) -> None:
        """A part is stored when enough time has passed, and nothing twice."""
        journal = self.journal()
        journal.add(make_line(1))
        self.assertEqual(0, self.parts())
        self.clock.sleep(FLUSH_SECONDS)
        journal.add(make_line(2))
        journal.add(make_line(3))
        self.assertEqual(1, self.parts())
        journal.flush()
        journal.flush()
        self.assertEqual(2, self.parts())
        self.assertEqual(3, len(self.read(1)))

    def test_fenced(self) -> None:
        """Without the lease nothing is stored."""
        journal = self.journal()
        journal.add(make_line(1))
        self.lost = True
        with self.assertRaises(LeaseLost):
            journal.flush()
        self.assertEqual(0, self.parts())

    def test_many_parts(self) -> None:
        """An earlier attempt of many parts is read while this one writes its own."""
        journal, noise = self.journal(), random.Random(1)  # noqa: S311
        for number in range(MERGED_FILES + 6):
            # More than a reader of files holds in its buffer.
            journal.add(make_line(number, reason=noise.randbytes(8000).hex()))
            journal.flush()
        here = make_scope().attempt(RUN, 2)
        following = Journal(self.store, here, self.folder, self.check, self.clock)
        earlier = read_journals(self.store, make_scope(), RUN, 1, self.folder)
        found = []
        for line in earlier:
            found.append(line.unit)
            following.add(line._replace(attempt=2))
            following.flush()
        self.assertEqual(
            [f"sample={number}" for number in range(MERGED_FILES + 6)], found
        )
        self.assertEqual(len(found), len(list(following.sorted_lines())))

    def test_no_attempts(self) -> None:
        """Where there was no attempt there is nothing to read."""
        self.assertEqual([], self.read(0))


if __name__ == "__main__":
    unittest.main()
