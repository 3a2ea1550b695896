"""Unit tests of :mod:`etl_core.runs.effects`."""

from collections.abc import Mapping
import unittest

from etl_core.errors import (
    AccessRefused,
    BucketMissing,
    ObjectArchived,
    ObjectMissing,
    RequestRejected,
    TransientError,
)
from etl_core.runs.effects import Made, UnitEffect, Verdicts
from etl_core.runs.units import Destination, Line, Source, Unit
from etl_core.s3.store import ListedObject, ObjectRef
from etl_core.tests.worlds import FakeClock, make_task, make_unit, TARGET

UNIT = make_unit(1)
IN_PLACE = ListedObject(UNIT.destination, "etag", 7)


class FakeEffect(UnitEffect):
    """An effect that takes two seconds, and succeeds unless told otherwise."""

    def __init__(self, clock: FakeClock, error: Exception | None = None) -> None:
        """Make nothing yet."""
        self._clock = clock
        self._error = error
        self.known = True
        self.made: list[ObjectRef] = []

    def make(self, unit: Unit, destination: ObjectRef) -> Made:
        """Make the effect, or fail."""
        self._clock.sleep(2.0)
        if self._error:
            raise self._error
        self.made.append(destination)
        return Made("etag", Source(*unit.source, None, "version-1", 7), 7)

    def recognise(self, unit: Unit, in_place: ListedObject) -> Made | None:
        """Recognise it, or not."""
        found = Made(in_place.etag, Source(*unit.source), in_place.size)
        return found if self.known else None

    def requests(self, unit: Unit, in_place: ListedObject | None) -> Mapping[str, int]:
        """Say nothing."""
        return {}


class UnitEffectTest(unittest.TestCase):
    """Tasks and what becomes of them."""

    def perform(
        self,
        error: Exception | None = None,
        failures: int = 0,
        in_place: ListedObject | None = None,
        known: bool = True,
        source: ListedObject | None = None,
    ) -> Line:
        """Perform one task."""
        clock = FakeClock()
        self.effect = FakeEffect(clock, error)
        self.effect.known = known
        verdicts = Verdicts(TARGET, 3, clock)
        task = make_task(1, failures=failures, in_place=in_place)
        return self.effect.perform_one(verdicts, task._replace(source=source))

    def test_made(self) -> None:
        """The line says what the store said, and how long it took."""
        line = self.perform()
        self.assertEqual(("done", "copied", 3), line[3:6])
        self.assertEqual([ObjectRef(TARGET, UNIT.destination)], self.effect.made)
        self.assertEqual(
            Destination(TARGET, UNIT.destination, "etag", 7), line.destination
        )
        self.assertEqual("version-1", line.source.version)
        self.assertEqual((UNIT.fingerprint, 2.0), (line.fingerprint, line.seconds))

    def test_listed_source(self) -> None:
        """A source that the store did not name has the ETag of its listing."""
        line = self.perform(source=ListedObject("in/001", "listed-2", 7))
        self.assertEqual("listed-2", line.source.etag)

    def test_recognised(self) -> None:
        """What lies in place and is right is not made again."""
        line = self.perform(in_place=IN_PLACE)
        self.assertEqual(("done", "recovered"), line[3:5])
        self.assertEqual([], self.effect.made)

    def test_not_recognised(self) -> None:
        """What lies in place and is something else is made again."""
        line = self.perform(in_place=IN_PLACE, known=False)
        self.assertEqual(("done", "copied"), line[3:5])

    def test_quarantined(self) -> None:
        """Errors that concern the unit quarantine it, each with its reason."""
        for error, reason in (
            (ObjectMissing(), "source_missing"),
            (AccessRefused(), "access_denied"),
            (ObjectArchived(), "archived"),
            (RequestRejected(), "rejected"),
        ):
            line = self.perform(error)
            self.assertEqual(("quarantined", reason), line[3:5])
            self.assertEqual(Destination(TARGET, UNIT.destination), line.destination)

    def test_failed_for_now(self) -> None:
        """A failure is no outcome; the third one is."""
        for failures, expected in (
            (0, ("pending", "unavailable")),
            (1, ("pending", "unavailable")),
            (2, ("quarantined", "unavailable")),
            (9, ("quarantined", "unavailable")),
        ):
            line = self.perform(TransientError(), failures)
            self.assertEqual(expected, line[3:5], failures)

    def test_error_of_the_run(self) -> None:
        """What concerns more than the unit passes through."""
        for error in (BucketMissing(), RuntimeError()):
            with self.assertRaises(type(error)):
                self.perform(error)


if __name__ == "__main__":
    unittest.main()
