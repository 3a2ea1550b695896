"""Unit tests of :mod:`etl_core.runs.survey`."""

import unittest

from etl_core.runs.survey import IndexFile, Sources
from etl_core.s3.store import ListedObject, ObjectRef
from etl_core.testing.store import FakeStore
from etl_core.tests.worlds import FolderTest, make_unit, SOURCE, TARGET


class SourcesTest(FolderTest):
    """Sources in two buckets."""

    def setUp(self) -> None:
        """Make the buckets."""
        super().setUp()
        self.store = FakeStore(SOURCE, TARGET)

    def sources(self, *refs: ObjectRef, skipped: ObjectRef | None = None) -> Sources:
        """List the sources of a plan."""
        units = [make_unit(n, source=ref) for n, ref in enumerate(refs, start=1)]
        if skipped:
            units.append(make_unit(999, source=skipped, skip="other_bucket"))
        plan = self.plan_of(units)
        made = Sources(self.store, plan, self.folder / "sources.db")
        self.addCleanup(made.close)
        return made

    def test_found(self) -> None:
        """A source is found as it is listed, in its own bucket only."""
        here, there = ObjectRef(SOURCE, "a/1"), ObjectRef(TARGET, "a/1")
        etags = [self.store.seed(here, b"one"), self.store.seed(there, b"other")]
        sources = self.sources(here, there)
        self.assertEqual(ListedObject("a/1", etags[0], 3), sources.find(here))
        self.assertEqual(ListedObject("a/1", etags[1], 5), sources.find(there))

    def test_missing(self) -> None:
        """A source that is not there is not found."""
        self.assertIsNone(
            self.sources(ObjectRef(SOURCE, "a")).find(make_unit(1).source)
        )

    def test_what_is_listed(self) -> None:
        """Each bucket is listed below what its keys have in common, if not skipped."""
        self.sources(
            ObjectRef(SOURCE, "inbox/2026/a"),
            ObjectRef(SOURCE, "inbox/2027/b"),
            ObjectRef(TARGET, "x"),
            ObjectRef(TARGET, "y"),
            skipped=ObjectRef("elsewhere", "z"),
        )
        self.assertEqual(
            [f"s3://{SOURCE}/inbox/202", f"s3://{TARGET}/"],
            [call.target for call in self.store.requests],
        )

    def test_no_index(self) -> None:
        """The first run of a scope has no entries, and fetches nothing."""
        index = IndexFile(self.store, TARGET, None, self.folder / "index")
        self.assertEqual([], list(index))
        self.assertEqual([], self.store.requests)


if __name__ == "__main__":
    unittest.main()
