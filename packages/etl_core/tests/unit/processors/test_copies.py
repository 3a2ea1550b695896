"""Unit tests of :mod:`etl_core.processors.copies`."""

import unittest

from etl_core.processors.copies import CopyEffect
from etl_core.runs.effects import Made
from etl_core.runs.units import Source
from etl_core.s3.steps import finish
from etl_core.s3.store import ListedObject, ObjectRef
from etl_core.testing.store import FakeStore
from etl_core.tests.worlds import make_unit, SOURCE, TARGET

UNIT = make_unit(1, size=7)
TO = ObjectRef(TARGET, UNIT.destination)


class CopyEffectTest(unittest.TestCase):
    """One unit with its source, which is versioned."""

    def setUp(self) -> None:
        """Put the source there."""
        self.store = FakeStore(SOURCE, TARGET, versioned=True)
        self.etag = self.store.seed(UNIT.source, b"content")
        self.effect = CopyEffect(self.store)

    def listed(self) -> ListedObject:
        """Return the destination as a listing shows it."""
        return self.store.list_page(TARGET, "").objects[0]

    def test_make(self) -> None:
        """The destination is what the source is, and the version is known."""
        made = finish(self.store, self.effect.make(UNIT, TO))
        self.assertEqual(b"content", self.store.bodies(TARGET)[TO.key])
        version = self.store.head(UNIT.source).version
        self.assertEqual(Made(self.etag, Source(*UNIT.source, None, version, 7)), made)

    def test_twice(self) -> None:
        """Doing it again is harmless, and late it copies the current source."""
        first = finish(self.store, self.effect.make(UNIT, TO))
        self.assertEqual(first, finish(self.store, self.effect.make(UNIT, TO)))
        self.store.seed(UNIT.source, b"newer")
        finish(self.store, self.effect.make(UNIT, TO))
        self.assertEqual(b"newer", self.store.bodies(TARGET)[TO.key])

    def test_recognise(self) -> None:
        """An object with ETag and size of the source is what would be made."""
        finish(self.store, self.effect.make(UNIT, TO))
        found = finish(self.store, self.effect.recognise(UNIT, self.listed()))
        version = self.store.head(UNIT.source).version
        source = Source(*UNIT.source, self.etag, version, 7)
        expected = Made(self.etag, source, 7, "recovered")
        self.assertEqual(expected, found)

    def test_not_recognised(self) -> None:
        """Another ETag or another size is another object."""
        finish(self.store, self.effect.make(UNIT, TO))
        for other in (
            self.listed()._replace(etag="other"),
            self.listed()._replace(size=8),
        ):
            self.assertIsNone(finish(self.store, self.effect.recognise(UNIT, other)))

    def test_requests(self) -> None:
        """What lies in place is asked about, what does not is copied."""
        listed = ListedObject(TO.key, self.etag, 7)
        self.assertEqual({"CopyObject": 1}, self.effect.requests(UNIT, None))
        self.assertEqual({"HeadObject": 1}, self.effect.requests(UNIT, listed))


if __name__ == "__main__":
    unittest.main()
