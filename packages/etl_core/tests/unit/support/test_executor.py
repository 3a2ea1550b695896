"""Tests of the bounded concurrent map."""

from collections.abc import Callable, Iterator
from contextvars import ContextVar
import threading
import time
import unittest

from etl_core.errors import DataError
from etl_core.stop import StopSignal
from etl_core.support.executor import run_bounded

SECONDS = 20.0

context: ContextVar[str] = ContextVar("context", default="none")


class ExecutorTest(unittest.TestCase):
    """Items that are counted as they are taken."""

    def setUp(self) -> None:
        """Take nothing yet."""
        self.taken = 0

    def items(self, count: int) -> Iterator[int]:
        """Yield numbers and count them."""
        for number in range(count):
            self.taken += 1
            yield number

    def run_all(
        self, function: Callable[[int], int], count: int, workers: int = 4
    ) -> list[int]:
        """Return the results, sorted."""
        results = run_bounded(function, self.items(count), workers=workers, in_flight=8)
        return sorted(results)

    def test_every_item_has_one_result(self) -> None:
        """With one thread and with several."""
        for workers in (1, 2, 16):
            with self.subTest(workers):
                expected = [2 * number for number in range(500)]
                self.assertEqual(expected, self.run_all(lambda n: 2 * n, 500, workers))

    def test_no_items_no_results(self) -> None:
        """It ends at once."""
        self.assertEqual([], self.run_all(lambda n: n, 0))
        self.assertEqual([], self.run_all(lambda n: n, 0, workers=1))

    def test_one_worker_keeps_the_order(self) -> None:
        """Item, call and result follow each other."""
        results = run_bounded(lambda n: n, self.items(3), workers=1, in_flight=8)

        seen = [(number, self.taken) for number in results]
        self.assertEqual([(0, 1), (1, 2), (2, 3)], seen)

    def test_no_more_is_taken_than_allowed(self) -> None:
        """A slow function holds the items back."""
        gate = threading.Event()
        self.addCleanup(gate.set)
        most = 0

        def work(number: int) -> int:
            """Wait for the gate, except for the first."""
            if number:
                gate.wait(SECONDS)
            return number

        results = run_bounded(work, self.items(100), workers=2, in_flight=8)
        next(results)
        self.assertEqual(8, self.taken)
        gate.set()
        for done, _ in enumerate(results, start=2):
            most = max(most, self.taken - done)

        self.assertEqual(100, self.taken)
        self.assertLessEqual(most, 8)

    def test_results_come_as_they_are_complete(self) -> None:
        """A slow item does not hold back the others."""
        gate = threading.Event()
        self.addCleanup(gate.set)

        def work(number: int) -> int:
            """Let the first wait for the last."""
            if number == 0:
                gate.wait(SECONDS)
            elif number == 3:
                gate.set()
            return number

        results = list(run_bounded(work, self.items(4), workers=2, in_flight=4))

        self.assertEqual([1, 2], results[:2])
        self.assertEqual({0, 3}, set(results[2:]))

    def test_as_many_threads_as_workers(self) -> None:
        """All of them work at the same time."""
        barrier = threading.Barrier(4, timeout=SECONDS)

        def work(number: int) -> int:
            """Pass only together with three others."""
            barrier.wait()
            return number

        self.assertEqual([0, 1, 2, 3], self.run_all(work, 4))

    def test_error_in_a_worker_stops_taking_items(self) -> None:
        """What was running is yielded, then the error is raised."""
        done: list[int] = []

        def work(number: int) -> int:
            """Fail at the third."""
            if number == 3:
                raise DataError("torn")
            return number

        for workers in (1, 2):
            with self.subTest(workers), self.assertRaisesRegex(DataError, "torn"):
                self.taken = 0
                done.clear()
                results = run_bounded(
                    work, self.items(1000), workers=workers, in_flight=8
                )
                done.extend(results)
            self.assertLess(self.taken, 50)
            self.assertLessEqual({0, 1, 2}, set(done))

    def test_error_of_the_items_comes_after_the_results(self) -> None:
        """A listing that fails does not hide what was made before."""

        def listing() -> Iterator[int]:
            """Fail on the second page."""
            yield from range(5)
            raise DataError("page lost")

        for workers in (1, 2):
            called: list[int] = []
            done: list[int] = []

            def work(number: int, called: list[int] = called) -> int:
                """Note that this was done."""
                called.append(number)
                return number

            with self.subTest(workers), self.assertRaisesRegex(DataError, "page lost"):
                done.extend(run_bounded(work, listing(), workers=workers, in_flight=8))
            self.assertEqual(sorted(called), sorted(done))

    def test_stop_takes_no_more(self) -> None:
        """What runs is finished, what waits is dropped, nothing is raised."""
        for workers in (1, 2):
            with self.subTest(workers):
                self.taken = 0
                stop = StopSignal()
                called: list[int] = []

                def work(
                    number: int, stop: StopSignal = stop, called: list[int] = called
                ) -> int:
                    """Ask for a stop at the fifth."""
                    called.append(number)
                    if number == 5:
                        stop.request("test")
                    return number

                results = list(
                    run_bounded(
                        work, self.items(1000), workers=workers, in_flight=8, stop=stop
                    )
                )

                self.assertEqual(sorted(called), sorted(results))
                self.assertIn(5, results)
                self.assertLess(self.taken, 20)

    def test_what_hangs_is_given_up(self) -> None:
        """After a stop, in its time; what was done is yielded before."""
        gate = threading.Event()
        self.addCleanup(gate.set)

        def work(number: int) -> int:
            """Let the second hang."""
            if number == 1:
                gate.wait(SECONDS)
            return number

        for workers in (1, 2):
            stop = StopSignal(patience_seconds=0.3)
            results = run_bounded(
                work, self.items(100), workers=workers, in_flight=2, stop=stop
            )
            with self.subTest(workers):
                self.assertEqual(0, next(results))
                stop.request("test")
                began = time.monotonic()
                list(results)
                self.assertLess(time.monotonic() - began, SECONDS / 4)

    def test_stop_is_seen_while_nothing_completes(self) -> None:
        """Items that wait are dropped, though all threads are busy."""
        stop = StopSignal()
        gate = threading.Event()
        self.addCleanup(gate.set)
        called = []

        def work(number: int) -> int:
            """Block until the stop has been seen."""
            called.append(number)
            gate.wait(SECONDS)
            return number

        for seconds, action in ((0.2, lambda: stop.request("test")), (0.6, gate.set)):
            timer = threading.Timer(seconds, action)
            timer.start()
            self.addCleanup(timer.cancel)
        results = list(
            run_bounded(work, self.items(8), workers=2, in_flight=8, stop=stop)
        )

        self.assertEqual([0, 1], sorted(called))
        self.assertEqual([0, 1], sorted(results))

    def test_stop_before_the_start_does_nothing(self) -> None:
        """Not one item is taken."""
        stop = StopSignal()
        stop.request("test")
        for workers in (1, 4):
            with self.subTest(workers):
                results = run_bounded(
                    lambda n: n, self.items(9), workers=workers, in_flight=8, stop=stop
                )
                self.assertEqual([], list(results))
                self.assertEqual(0, self.taken)

    def test_leaving_early_waits_for_what_runs(self) -> None:
        """No thread works on after the iteration is closed."""
        running = []

        def work(number: int) -> int:
            """Note begin and end."""
            running.append(number)
            threading.Event().wait(0.01)
            running.remove(number)
            return number

        results = run_bounded(work, self.items(100), workers=4, in_flight=8)
        next(results)
        assert isinstance(results, Iterator)
        getattr(results, "close")()  # noqa: B009 - an iterator has no close

        self.assertEqual([], running)
        self.assertLess(self.taken, 20)

    def test_workers_know_the_context(self) -> None:
        """What is bound for the logs is bound in the threads too."""
        context.set("outer")

        found = set(
            run_bounded(lambda n: context.get(), self.items(20), workers=4, in_flight=8)
        )

        self.assertEqual({"outer"}, found)


if __name__ == "__main__":
    unittest.main()
