"""Tests of asking work to stop."""

import os
import signal
import threading
import time
import unittest
from unittest import mock

from etl_core import stop
from etl_core.errors import DeadlineReached, Terminated
from etl_core.stop import StopSignal


class StopSignalTest(unittest.TestCase):
    """A stop signal on a clock that the test moves."""

    def setUp(self) -> None:
        """Begin at a time that is not zero."""
        self.now = 100.0

    def clock(self) -> float:
        """Return the time."""
        return self.now

    def test_nothing_is_requested_at_first(self) -> None:
        """Work goes on."""
        signal = StopSignal(clock=self.clock)

        self.assertFalse(signal.requested)
        signal.check()

    def test_request_ends_the_work_with_its_reason(self) -> None:
        """The first reason is kept."""
        signal = StopSignal(clock=self.clock)
        signal.request("SIGTERM")
        signal.request("SIGINT")

        self.assertTrue(signal.requested)
        self.assertEqual("SIGTERM", signal.reason)
        with self.assertRaisesRegex(Terminated, "asked to stop by SIGTERM; start"):
            signal.check()

    def test_deadline_ends_the_work(self) -> None:
        """Not before its time, and with exit code 75."""
        signal = StopSignal(270, clock=self.clock)
        self.now += 269.9
        signal.check()
        self.assertFalse(signal.requested)
        self.now += 0.1

        self.assertTrue(signal.requested)
        with self.assertRaisesRegex(DeadlineReached, "deadline of 270 s is reached"):
            signal.check()

    def test_overdue(self) -> None:
        """Some time after a request or a deadline, of its own or of its parent."""
        for deadline in (None, 100.0):
            named = StopSignal(deadline, clock=self.clock)
            child = named.limited(None)
            self.assertFalse(child.overdue)
            named.request("SIGTERM")
            self.now += 14.9
            self.assertFalse(child.overdue)
            self.now += 0.1
            self.assertTrue(child.overdue)
        late = StopSignal(10, clock=self.clock)
        self.now += 24.9
        self.assertFalse(late.limited(None).overdue)
        self.now += 0.1
        self.assertTrue(late.limited(None).overdue)

    def test_child_sees_what_its_parent_sees(self) -> None:
        """Request and deadline of the parent end the child, not the reverse."""
        parent = StopSignal(50, clock=self.clock)
        child = parent.limited(10)
        self.now += 10
        self.assertTrue(child.requested)
        self.assertFalse(parent.requested)
        self.now += 40
        with self.assertRaisesRegex(DeadlineReached, "deadline of 50 s"):
            parent.limited(None).check()
        parent.request("SIGTERM")

        self.assertEqual("SIGTERM", child.reason)
        with self.assertRaises(Terminated):
            child.check()

    def test_wait_sleeps_when_nothing_happens(self) -> None:
        """It returns false after the whole time."""
        with mock.patch("time.sleep", side_effect=self.sleep) as sleep:
            self.assertFalse(StopSignal(clock=self.clock).wait(0.25))

        self.assertEqual(3, sleep.call_count)
        self.assertAlmostEqual(100.25, self.now)

    def test_wait_wakes_up_for_a_stop(self) -> None:
        """It returns true well before the time."""
        signal = StopSignal(0.3, clock=self.clock)
        with mock.patch("time.sleep", side_effect=self.sleep):
            self.assertTrue(signal.wait(60))

        self.assertLess(self.now, 100.6)

    def sleep(self, seconds: float) -> None:
        """Move the clock instead of waiting."""
        self.now += seconds


class ProcessStopTest(unittest.TestCase):
    """Signals to this process while a job runs."""

    def test_current_is_raised_by_a_signal(self) -> None:
        """A job that polls sees the name of the signal."""
        with stop.on_signals() as signal_of_process:
            found = stop.current()
            os.kill(os.getpid(), signal.SIGTERM)
            self.assertEqual("SIGTERM", found.reason)
            self.assertIs(signal_of_process, found)

    def test_job_that_does_not_poll_is_interrupted(self) -> None:
        """The signal raises where the job is."""
        with stop.on_signals(), self.assertRaises(Terminated):
            os.kill(os.getpid(), signal.SIGINT)

    def test_second_signal_leaves_at_once(self) -> None:
        """Nothing is tidied up any more."""
        with stop.on_signals(), mock.patch("os._exit") as leave:
            stop.current()
            os.kill(os.getpid(), signal.SIGTERM)
            leave.assert_not_called()
            os.kill(os.getpid(), signal.SIGTERM)

        leave.assert_called_once_with(143)

    def test_the_end_of_the_grace_leaves_at_once(self) -> None:
        """Whatever hangs; a job that ends in time is not disturbed."""
        with mock.patch("os._exit") as leave:
            with stop.on_signals(0.1):
                stop.current()
                os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.2)
            leave.assert_not_called()
            with stop.on_signals(0.1):
                stop.current()
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(0.2)
            leave.assert_called_once_with(143)

    def test_handlers_are_put_back(self) -> None:
        """After the job, signals mean what they meant before."""
        before = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)]
        with stop.on_signals():
            self.assertNotEqual(before[0], signal.getsignal(signal.SIGTERM))

        after = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)]
        self.assertEqual(before, after)

    def test_outside_the_dispatcher_nothing_ever_stops(self) -> None:
        """Whoever asks gets a signal of its own."""
        self.assertFalse(stop.current().requested)
        self.assertIsNot(stop.current(), stop.current())

    def test_other_threads_leave_the_handlers_alone(self) -> None:
        """Python allows handlers in the main thread only."""
        handlers = []

        def work() -> None:
            """Ask for the handler while signals are watched."""
            with stop.on_signals():
                handlers.append(signal.getsignal(signal.SIGTERM))

        before = signal.getsignal(signal.SIGTERM)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

        self.assertEqual([before], handlers)


if __name__ == "__main__":
    unittest.main()
