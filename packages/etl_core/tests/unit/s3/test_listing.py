"""Unit tests of :mod:`etl_core.s3.listing`."""

import itertools
import unittest
from unittest import mock

from etl_core.errors import DataError, TransientError
from etl_core.s3.listing import list_objects, RANGES_AHEAD
from etl_core.s3.store import ListedObject, ListPage, ObjectRef
from etl_core.testing.store import FakeStore
from etl_core.tests.worlds import Disturbance, fail, SOURCE


class UnorderedStore(FakeStore):
    """A store that lists its keys backwards, as a directory bucket may."""

    def list_page(
        self,
        bucket: str,
        prefix: str,
        token: str | None = None,
        start_after: str | None = None,
    ) -> ListPage:
        """Turn a page round."""
        page = super().list_page(bucket, prefix, token)
        return page._replace(objects=page.objects[::-1])


class DoublingStore(FakeStore):
    """A store that begins each page with the last object of the one before."""

    def list_page(
        self,
        bucket: str,
        prefix: str,
        token: str | None = None,
        start_after: str | None = None,
    ) -> ListPage:
        """Begin one object too early."""
        page = super().list_page(bucket, prefix, token)
        again = () if token is None else (ListedObject(token, "etag", 1),)
        return page._replace(objects=again + page.objects)


class ListingTest(unittest.TestCase):
    """Five objects, two on a page."""

    keys = ("a", "b/\x01", "b/1", "b/é", "b/\U0001f600")

    def setUp(self) -> None:
        """Make pages small."""
        pages = mock.patch("etl_core.testing.store.PAGE_OBJECTS", 2)
        pages.start()
        self.addCleanup(pages.stop)

    def filled(self, store: FakeStore) -> FakeStore:
        """Put the objects into a store."""
        for key in self.keys:
            store.seed(ObjectRef(SOURCE, key))
        return store

    def keys_of(self, store: FakeStore, prefix: str = "") -> list[str]:
        """List, and return the keys."""
        return [it.key for it in list_objects(store, SOURCE, prefix)]

    def test_all_pages(self) -> None:
        """Every object is listed once, in the order of its bytes."""
        self.assertEqual(list(self.keys), self.keys_of(self.filled(FakeStore(SOURCE))))

    def test_prefix(self) -> None:
        """Only what is below the prefix is listed."""
        store = self.filled(FakeStore(SOURCE))
        self.assertEqual(list(self.keys[1:]), self.keys_of(store, "b/"))
        self.assertEqual([], self.keys_of(store, "c/"))

    def test_failing_page(self) -> None:
        """A page that fails is an error after what was listed, never the end."""
        for page in (1, 2, 3):
            hook = Disturbance("ListObjectsV2", fail, first=page)
            found = list_objects(self.filled(FakeStore(SOURCE, hook=hook)), SOURCE, "")
            seen = []
            with self.assertRaises(TransientError):
                for listed in found:
                    seen.append(listed.key)  # noqa: PERF401 (kept when it raises)
            self.assertEqual(list(self.keys[: 2 * (page - 1)]), seen)

    def test_no_order(self) -> None:
        """A listing out of order, or with a key twice, is refused."""
        for kind in (UnorderedStore, DoublingStore):
            with self.assertRaisesRegex(DataError, "not listed in key order"):
                self.keys_of(self.filled(kind(SOURCE)))


# Keys that are there, and some that are not.
MARKS = ("a", "aa", "b/0", "b/1", "b/é", "c")


class RangesTest(ListingTest):
    """The same, with ranges listed at the same time."""

    choices = (*itertools.combinations(MARKS, 1), *itertools.combinations(MARKS, 2))

    def test_marks_change_nothing(self) -> None:
        """Wherever ranges begin, each object is listed once and in order."""
        store = self.filled(FakeStore(SOURCE))
        for marks in self.choices:
            with self.subTest(marks):
                found = [it.key for it in list_objects(store, SOURCE, "", marks)]
                self.assertEqual(sorted(self.keys), found)

    def test_a_page_that_fails(self) -> None:
        """A listing is complete or fails, whichever page fails."""
        for marks, number in itertools.product(self.choices, range(1, 6)):
            hook = Disturbance("ListObjectsV2", fail, first=number)
            store = self.filled(FakeStore(SOURCE, hook=hook))
            with self.subTest(marks, page=number):
                try:
                    found = [it.key for it in list_objects(store, SOURCE, "", marks)]
                except TransientError:
                    continue
                # Only a page that was asked for ahead and not needed may have failed.
                self.assertGreater(number, 3)
                self.assertEqual(sorted(self.keys), found)

    def test_nothing_there(self) -> None:
        """An empty destination is not asked about range by range."""
        store = FakeStore(SOURCE)
        marks = [f"{number:03}" for number in range(100)]
        self.assertEqual([], list(list_objects(store, SOURCE, "", marks)))
        self.assertLessEqual(len(store.requests), RANGES_AHEAD + 1)


if __name__ == "__main__":
    unittest.main()
