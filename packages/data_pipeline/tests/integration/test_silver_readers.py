"""Who reads the table while it is written sees whole commits only."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar
import unittest

from data_pipeline.tests.silver_stand import dataset, SilverPlace
from etl_core.calls import Call, CallHook, direct
from etl_core.testing.crashpoints import CallRecorder, CrashAt, Crashed, Moment

T = TypeVar("T")

FIRST = {"a.csv": ["1,n,1,one", "3,s,1,three"], "b.csv": ["1,n,5,gone"]}
SECOND = {"b.csv": ["2,n,2,two"], "c.csv": ["4,s,1,four", "5,,bad,five", "3,s,2,new"]}


LOOKING: ContextVar[bool] = ContextVar("looking", default=False)


class ReadingHook:
    """Lets a reader look at the table before and after every call.

    :param place: where the table is.
    """

    def __init__(self, place: SilverPlace) -> None:
        """Have seen nothing."""
        self._place = place
        self.seen: set[str] = set()

    def __call__(self, call: Call, send: Callable[[], T]) -> T:
        """Look, send, look."""
        if LOOKING.get():
            return send()
        self._look()
        try:
            return send()
        finally:
            self._look()

    def _look(self) -> None:
        """Read the table with the calls of a reader, which are not looked at."""
        # The threads of a reader know the context of the one that started them.
        token = LOOKING.set(True)
        self.seen.add(repr(self._place.rows()))
        LOOKING.reset(token)


class Switch:
    """A hook that can be exchanged."""

    def __init__(self) -> None:
        """Send."""
        self.inner: CallHook = direct

    def __call__(self, call: Call, send: Callable[[], T]) -> T:
        """Pass a call on."""
        return self.inner(call, send)


class WholeCommitsTest(unittest.TestCase):
    """A table, then corrected, late and bad objects."""

    def prepared(self, **more: Any) -> tuple[SilverPlace, Switch]:  # noqa: ANN401
        """Return a place in which the second files are still to be processed."""
        switch = Switch()
        place = SilverPlace(dataset(), hook=switch, **more)
        for bodies in (FIRST, SECOND):
            for name, lines in bodies.items():
                place.put(name, *lines)
            if bodies is FIRST:
                place.run()
        return place, switch

    def test_reader_sees_before_or_after(self) -> None:
        """At no call does a reader see anything but the old table or the new one."""
        for table_format in ("delta", "parquet"):
            with self.subTest(table_format):
                place, switch = self.prepared(table_format=table_format)
                before = repr(place.rows())
                hook = switch.inner = ReadingHook(place)
                place.run()
                after = repr(place.rows())
                self.assertNotEqual(before, after)
                self.assertEqual({before, after}, hook.seen)

    def test_death_at_every_call(self) -> None:
        """Killed at any call, the job ends with rows and receipts of a clean run."""
        place, switch = self.prepared()
        recorder = switch.inner = CallRecorder()
        clean = place.run()
        calls = len(recorder.calls)
        switch.inner = direct
        before, rows = repr(self.prepared()[0].rows()), place.rows()
        receipts = place.store.bodies("silver", "table/_receipts/")
        quarantine = place.store.bodies("silver", "table/_quarantine/")
        self.assertEqual(2, clean["done"])
        for number in range(1, calls + 1):
            for moment in (Moment.BEFORE, Moment.AFTER):
                with self.subTest(number=number, moment=moment):
                    place, switch = self.prepared()
                    switch.inner = CrashAt(number, moment)
                    with self.assertRaises(Crashed):
                        place.run(concurrency=1)
                    switch.inner = direct
                    self.assertIn(repr(place.rows()), {before, repr(rows)})
                    place.run(concurrency=1)
                    self.assertEqual(rows, place.rows())
                    for prefix, bodies in (
                        ("table/_receipts/", receipts),
                        ("table/_quarantine/", quarantine),
                    ):
                        self.assertEqual(bodies, place.store.bodies("silver", prefix))
        self.assertLess(20, calls)

    def test_commit_whose_answer_is_lost(self) -> None:
        """A commit that was made is recognised, and not made twice."""
        place, switch = self.prepared()
        recorder = switch.inner = CallRecorder()
        place.run(concurrency=1)
        number = 1 + next(
            at
            for at, call in enumerate(recorder.calls)
            if call.operation == "PutObject" and "_delta_log" in call.target
        )
        place, switch = self.prepared()
        switch.inner = CrashAt(number, Moment.AFTER)
        with self.assertRaises(Crashed):
            place.run(concurrency=1)
        switch.inner = direct
        place.run(concurrency=1)
        self.assertEqual(1, place.snapshot().version)


if __name__ == "__main__":
    unittest.main()
