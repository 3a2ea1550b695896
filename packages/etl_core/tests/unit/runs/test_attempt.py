"""Unit tests of :mod:`etl_core.runs.attempt`: runs that take several attempts."""

from functools import partial
from typing import Any
import unittest
from unittest import mock

from etl_core.errors import (
    AccessRefused,
    DeadlineReached,
    ExitCode,
    Terminated,
    TransientError,
)
from etl_core.s3.store import ObjectHead, ObjectRef
from etl_core.stop import StopSignal
from etl_core.support.breaker import CircuitOpen
from etl_core.testing.crashpoints import Crashed
from etl_core.tests.worlds import (
    counts_of,
    Death,
    Disturbance,
    fail,
    make_spec,
    RUN,
    SOURCE,
    TARGET,
    World,
)

OTHER = make_spec(arguments={"limit": 2})
CLOSING = 2
"""The number of the closing listing among the listings of the destination."""


class ResumeTest(unittest.TestCase):
    """A first attempt that died, and the second."""

    def setUp(self) -> None:
        """Make the world."""
        self.world = World(3)

    def die(self, operation: str, part: str = "", first: int = 1) -> None:
        """Let a start die, and forget what it copied."""
        with self.assertRaises(Crashed):
            self.world.run(run_id=RUN, hook=Death(operation, part, first))
        self.world.copies()

    def resume(self, **options: Any) -> dict[str, Any]:  # noqa: ANN401
        """Start again, and close the run with every unit done."""
        result = self.world.run(**{"run_id": RUN, **options})
        self.assertEqual({"done": 3}, counts_of(result))
        self.assertEqual(2, result["attempt"])
        return result

    def attempts(self) -> list[int]:
        """Return the attempt that each unit was done in."""
        return [line["attempt"] for line in self.world.lines_of(RUN)]

    def test_lines_are_taken_over(self) -> None:
        """What the journal names is neither copied nor asked about again."""
        self.die("ListObjectsV2", "sample/", CLOSING)
        result = self.resume()
        self.assertEqual([], self.world.copies())
        self.assertNotIn("HeadObject", result["requests"])
        self.assertEqual([1, 1, 1], self.attempts())
        self.assertEqual(27, result["bytes"])

    def test_without_the_run_id(self) -> None:
        """The same arguments are enough to continue."""
        self.die("ListObjectsV2", "sample/", CLOSING)
        self.assertEqual(RUN, self.resume(run_id=None)["run_id"])

    def test_objects_are_recovered(self) -> None:
        """What lies in place without a line is recognised, not copied."""
        self.die("CopyObject", "in/003")
        result = self.resume()
        self.assertEqual(["sample/003/file.bin"], self.world.copies())
        self.assertEqual({"done: recovered": 2, "done: copied": 1}, result["reasons"])
        self.assertEqual(2, result["requests"]["HeadObject"])

    def test_something_else_in_place(self) -> None:
        """What lies in place and is not the source is replaced by it."""
        self.world.store.seed(self.world.target_of(1), b"CONTENT 1")
        result = self.world.run()
        self.assertEqual({"done: copied": 3}, result["reasons"])
        self.assertEqual(b"content 1", self.world.objects()["sample/001/file.bin"])

    def test_object_lost_between_attempts(self) -> None:
        """A line whose object is gone or another is not believed."""
        self.die("ListObjectsV2", "sample/", CLOSING)
        self.world.store.remove(self.world.target_of(1))
        self.world.store.seed(self.world.target_of(2), b"CONTENT 2")
        self.resume()
        self.assertEqual([2, 2, 1], self.attempts())

    def test_row_changed_between_attempts(self) -> None:
        """A line of an older row is not believed."""
        self.die("ListObjectsV2", "sample/", CLOSING)
        self.world.replace(2, b"content two")
        self.resume()
        self.assertEqual(["sample/002/file.bin"], self.world.copies())

    def test_superseded(self) -> None:
        """A start with other arguments recovers what an open run copied."""
        self.die("ListObjectsV2", "sample/", CLOSING)
        result = self.world.run(OTHER, run_id="run-2")
        self.assertEqual({"done: recovered": 3}, result["reasons"])
        self.assertEqual([], self.world.copies())
        self.assertEqual("superseded", self.world.record()["status"])

    def test_unfinished_uploads(self) -> None:
        """Parts that a dead attempt left are thrown away, those of others are not."""
        self.world.units.pop()
        self.world.add(4, b"large enough for some parts")
        others = ObjectRef(TARGET, "sample/another")
        self.world.store.create_upload(others, ObjectHead("etag", 1), {})
        self.die("UploadPartCopy", "", 2)
        self.assertEqual(2, len(self.world.store.open_uploads))
        self.resume()
        self.assertEqual([others], [it.ref for it in self.world.store.open_uploads])

    def test_record_names_every_attempt(self) -> None:
        """Each attempt is in the record, with its epoch."""
        self.die("CopyObject")
        self.die("CopyObject")
        result = self.world.run(run_id=RUN)
        self.assertEqual(3, result["attempt"])
        attempts = self.world.record()["attempts"]
        self.assertEqual([1, 2, 3], [attempt["epoch"] for attempt in attempts])


class UnavailableTest(unittest.TestCase):
    """Units whose effect keeps failing for now."""

    def setUp(self) -> None:
        """Make the world, in which the source of unit 2 does not answer."""
        self.world = World(3)
        self.broken = Disturbance("CopyObject", fail, "in/002")

    def start(self) -> dict[str, Any]:
        """Start with the broken source."""
        return self.world.run(run_id=RUN, hook=self.broken)

    def fail_once(self) -> None:
        """Start, and expect the run to stay open for the one unit."""
        with self.assertRaisesRegex(TransientError, "1 units failed for now"):
            self.start()
        self.assertEqual("open", self.world.record()["status"])
        self.assertEqual(2, len(self.world.objects()))

    def test_back_in_time(self) -> None:
        """A unit that works at the next attempt is done, the others are not redone."""
        self.fail_once()
        self.world.copies()
        self.assertEqual({"done": 3}, counts_of(self.world.run(run_id=RUN)))
        self.assertEqual(["sample/002/file.bin"], self.world.copies())

    def test_three_attempts(self) -> None:
        """After three attempts the unit is quarantined, and the run closes."""
        self.fail_once()
        self.fail_once()
        result = self.start()
        self.assertEqual(3, result["attempt"])
        self.assertEqual(
            {"done: copied": 2, "quarantined: unavailable": 1}, result["reasons"]
        )

    def test_next_run(self) -> None:
        """Another run begins to count anew."""
        for _ in range(2):
            self.fail_once()
        self.start()
        with self.assertRaises(TransientError):
            self.world.run(hook=self.broken)

    def test_store_that_is_down(self) -> None:
        """Many failures in a row end the attempt early; the journal keeps them."""
        for number in range(4, 30):
            self.world.add(number, b"content")
        with self.assertRaises(CircuitOpen) as caught:
            self.world.run(run_id=RUN, hook=Disturbance("CopyObject", fail))
        self.assertEqual(ExitCode.TRANSIENT, caught.exception.exit_code)
        self.assertEqual({"done": 29}, counts_of(self.world.run(run_id=RUN)))


class ListingTest(unittest.TestCase):
    """Promise 3: a failed listing is never an empty set."""

    def setUp(self) -> None:
        """Make a world that is done, whose listings have three pages, and a change."""
        pages = mock.patch("etl_core.testing.store.PAGE_OBJECTS", 2)
        pages.start()
        self.addCleanup(pages.stop)
        self.world = World(6)
        self.world.run(run_id="first")
        self.world.copies()

    def break_listing(self, page: int, error: Exception, concurrency: int = 1) -> None:
        """Start with a listing that fails on one page."""
        hook = Disturbance("ListObjectsV2", lambda: fail(error), "sample/", page)
        with self.assertRaises(type(error)):
            self.world.run(run_id=RUN, hook=hook, concurrency=concurrency)
        self.assertEqual("open", self.world.record()["status"])

    def test_no_effect(self) -> None:
        """Whatever page fails and how, nothing is taken for missing."""
        before = self.world.objects()
        for error in (TransientError("slow down"), AccessRefused("no s3:ListBucket")):
            for page in (1, 2, 3):
                for concurrency in (1, 4):
                    with self.subTest(error=error, page=page, workers=concurrency):
                        self.break_listing(page, error, concurrency)
                        self.assertEqual([], self.world.copies())
                        self.assertEqual(before, self.world.objects())
        self.assertEqual({"unchanged": 6}, counts_of(self.world.run(run_id=RUN)))

    def test_dry_run(self) -> None:
        """A dry run does not forecast copies from half a listing either."""
        hook = Disturbance("ListObjectsV2", fail, "sample/", 2)
        with self.assertRaises(TransientError):
            self.world.run(dry_run=True, hook=hook)

    def test_closing_listing(self) -> None:
        """The run stays open when the listing fails that would confirm it."""
        self.world.replace(1, b"changed")
        for page in (4, 5, 6):
            self.break_listing(page, TransientError("slow down"))
            self.assertNotIn("parts", self.world.record())
            self.world.store.remove(self.world.target_of(1))
        result = self.world.run(run_id=RUN)
        self.assertEqual({"done": 1, "unchanged": 5}, counts_of(result))

    def test_listing_of_sources(self) -> None:
        """With a listing of the sources the same holds for it."""
        self.world.check_source = True
        for page in (1, 2, 3):
            hook = Disturbance("ListObjectsV2", fail, f"{SOURCE}/", page)
            with self.subTest(page), self.assertRaises(TransientError):
                self.world.run(run_id=RUN, hook=hook)
            self.assertEqual([], self.world.copies())

    def test_listing_of_journals(self) -> None:
        """An attempt that cannot learn what the last one did makes no effect."""
        self.world.replace(1, b"changed")
        self.break_listing(4, TransientError("slow down"))
        self.world.copies()
        hook = Disturbance("ListObjectsV2", fail, "journal")
        with self.assertRaises(TransientError):
            self.world.run(run_id=RUN, hook=hook)
        self.assertEqual([], self.world.copies())


class StopTest(unittest.TestCase):
    """Promise 5: work that is asked to stop is continued by the next start."""

    def test_signal(self) -> None:
        """The units in progress are noted, the others left to the next attempt."""
        for concurrency in (1, 4):
            world, stop = World(40), StopSignal()
            world.stop = stop
            hook = Disturbance("CopyObject", partial(stop.request, "SIGTERM"))
            with self.subTest(concurrency):
                with self.assertRaisesRegex(Terminated, "SIGTERM"):
                    world.run(run_id=RUN, hook=hook, concurrency=concurrency)
                self.assertTrue(world.lease()["released"])
                copied = len(world.copies())
                self.assertLess(copied, 40)
                world.stop = None
                result = world.run(run_id=RUN, concurrency=concurrency)
                self.assertEqual({"done: copied": 40}, result["reasons"])
                self.assertEqual(40 - copied, len(world.copies()))

    def test_deadline(self) -> None:
        """A deadline ends the attempt; the run stays open."""
        world = World(3)
        world.stop = StopSignal(5.0, clock=world.clock)
        hook = Disturbance("CopyObject", lambda: world.clock.sleep(3.0))
        with self.assertRaises(DeadlineReached):
            world.run(run_id=RUN, hook=hook)
        self.assertEqual("open", world.record()["status"])
        self.assertEqual(2, len(world.objects()))


if __name__ == "__main__":
    unittest.main()
