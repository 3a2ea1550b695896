"""Unit tests of :mod:`etl_core.runs.decisions`."""

from typing import Any
import unittest

from etl_core.runs.decisions import Decider, Known, Task
from etl_core.runs.index import IndexEntry
from etl_core.runs.units import Destination, Line, Unit
from etl_core.s3.store import ListedObject
from etl_core.tests.worlds import make_line, make_unit, TARGET

UNIT = make_unit(1)
ENTRY = IndexEntry(UNIT.destination, "v1", None, "version-1", "etag-1", 7)
LISTED = ListedObject(UNIT.destination, "etag-1", 7)
SOURCE_LISTED = ListedObject(UNIT.source.key, "etag-1", 7)


def decide(known: Known, unit: Unit = UNIT, check_source: bool = False) -> Line | Task:
    """Decide in the second attempt."""
    return Decider(TARGET, 2, check_source).decide(unit, known)


class DeciderTest(unittest.TestCase):
    """A unit that is in the index and in the listing as before."""

    def known(self, **overrides: Any) -> Known:  # noqa: ANN401
        """Return what is known of a unit that is unchanged."""
        return Known(ENTRY, LISTED)._replace(**overrides)

    def assert_task(
        self,
        known: Known,
        in_place: ListedObject | None = None,
        **how: Any,  # noqa: ANN401
    ) -> None:
        """Expect that the effect is to be made."""
        expected = Task(how.get("unit", UNIT), in_place, 0, known.source)
        self.assertEqual(expected, decide(known, **how))

    def outcome(self, known: Known, **how: Any) -> tuple[str, str]:  # noqa: ANN401
        """Return outcome and reason of a unit that needs nothing."""
        line = decide(known, **how)
        assert isinstance(line, Line)
        return line.outcome, line.reason

    def test_unchanged(self) -> None:
        """Row and listing agree with the index: nothing is to be done."""
        line = decide(self.known())
        assert isinstance(line, Line)
        self.assertEqual(("unchanged", "same", 2), line[3:6])
        self.assertEqual(
            Destination(TARGET, UNIT.destination, "etag-1", 7), line.destination
        )
        self.assertEqual("version-1", line.source.version)

    def test_new(self) -> None:
        """Nothing is known: the effect is made."""
        self.assert_task(Known(None, None))

    def test_row_changed(self) -> None:
        """Another fingerprint, whatever the listing says."""
        self.assert_task(self.known(), unit=make_unit(1, fingerprint="v2"))

    def test_destination_differs(self) -> None:
        """Another ETag, another size or no object: the effect is made."""
        for listed in (
            LISTED._replace(etag="etag-2"),
            LISTED._replace(size=8),
            None,
        ):
            self.assert_task(self.known(listed=listed))

    def test_not_in_the_index(self) -> None:
        """What lies in place without an entry is not believed, but looked at."""
        self.assert_task(self.known(entry=None), LISTED)

    def test_skipped(self) -> None:
        """A unit that is not to be processed is skipped, whatever is known of it."""
        unit = make_unit(1, skip="deleted")
        self.assertEqual(("skipped", "deleted"), self.outcome(self.known(), unit=unit))

    def test_source_is_checked(self) -> None:
        """With the listing of the sources, that must agree too."""
        agrees = self.known(source=SOURCE_LISTED)
        self.assertEqual(("unchanged", "same"), self.outcome(agrees, check_source=True))
        for source in (SOURCE_LISTED._replace(etag="etag-2"), None):
            self.assert_task(self.known(source=source), check_source=True)

    def test_source_was_seen_before(self) -> None:
        """The ETag that the source had then is compared, where it is known."""
        known = self.known(entry=ENTRY._replace(source_etag="source-1"))
        self.assert_task(known._replace(source=SOURCE_LISTED), check_source=True)
        same = known._replace(source=SOURCE_LISTED._replace(etag="source-1"))
        self.assertEqual(("unchanged", "same"), self.outcome(same, check_source=True))


class EarlierAttemptTest(unittest.TestCase):
    """A unit that an earlier attempt of the same run worked on."""

    def setUp(self) -> None:
        """Know a line, and the object it names."""
        self.line = make_line(1)
        self.known = Known(None, LISTED, (self.line,))

    def test_done(self) -> None:
        """The line is taken over, with the size of the listing."""
        place = Destination(TARGET, UNIT.destination, "etag-1")
        line = self.line._replace(destination=place)
        self.assertEqual(self.line, decide(self.known._replace(earlier=(line,))))

    def test_newest_line_counts(self) -> None:
        """A failure after the success changes nothing while the object is there."""
        failed = self.line._replace(outcome="pending", attempt=2)
        known = self.known._replace(earlier=(self.line, failed))
        self.assertEqual(self.line, decide(known))

    def test_not_believed(self) -> None:
        """A line of another row, another object or none is not taken over."""
        for known in (
            self.known._replace(earlier=(self.line._replace(fingerprint="v0"),)),
            self.known._replace(listed=LISTED._replace(etag="etag-2")),
            self.known._replace(listed=None),
            self.known._replace(earlier=(self.line._replace(outcome="quarantined"),)),
        ):
            self.assertIsInstance(decide(known), Task)

    def test_failures(self) -> None:
        """Attempts that failed for now are counted."""
        failed = self.line._replace(outcome="pending")
        task = decide(Known(None, None, (failed, failed)))
        self.assertEqual(Task(UNIT, None, 2), task)


if __name__ == "__main__":
    unittest.main()
