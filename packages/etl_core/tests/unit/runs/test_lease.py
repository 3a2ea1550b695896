"""Unit tests of :mod:`etl_core.runs.lease`."""

from dataclasses import replace
import json
import os
import subprocess
import sys
import threading
from typing import Any
import unittest
from unittest import mock

from etl_core.calls import CallHook, direct
from etl_core.errors import LeaseHeld, LeaseLost, TransientError
from etl_core.runs import lease as leases
from etl_core.runs.lease import Lease, LeaseTimes, provably_dead, this_process
from etl_core.runs.records import read_record, write_record
from etl_core.s3.store import ObjectRef
from etl_core.testing.crashpoints import CrashAt, Moment
from etl_core.testing.store import FakeStore
from etl_core.tests.worlds import (
    Disturbance,
    fail,
    FakeClock,
    PATIENT,
    TARGET,
    Wire,
)

REF = ObjectRef(TARGET, "lease.json")
TO_LIVE = LeaseTimes().to_live
WAIT = LeaseTimes().wait
# A thread that does what it should does it long before this.
SECONDS = 30.0
CHILD = """
import json
from etl_core.runs.lease import this_process
print(json.dumps(this_process()), flush=True)
"""


def dead_process() -> dict[str, Any]:
    """Return how a process on this machine named itself before it ended."""
    child = subprocess.run(
        [sys.executable, "-c", CHILD], check=True, capture_output=True
    )
    return dict(json.loads(child.stdout))


class LeaseTest(unittest.TestCase):
    """A scope whose clock moves only when somebody waits."""

    def setUp(self) -> None:
        """Make the bucket."""
        self.wire = Wire()
        self.store = FakeStore(TARGET, hook=self.wire, retry=PATIENT)
        self.clock = FakeClock()
        self.began = self.clock()

    def lease(self, **times: Any) -> Lease:  # noqa: ANN401
        """Return a lease that renews itself when it is checked."""
        usual = LeaseTimes(
            clock=self.clock, sleep=self.clock.sleep, background=False, wait=WAIT
        )
        return Lease(self.store, REF, replace(usual, **times))

    def held(self, **times: Any) -> Lease:  # noqa: ANN401
        """Return a lease that is held."""
        lease = self.lease(**times)
        lease.acquire()
        return lease

    @property
    def record(self) -> dict[str, Any]:
        """The record of the lease."""
        return read_record(self.store, REF).content

    def change(self, **changes: object) -> None:
        """Change the record from outside."""
        found = read_record(self.store, REF)
        write_record(self.store, REF, {**found.content, **changes}, found.etag)

    @property
    def waited(self) -> float:
        """Seconds since the test began."""
        return self.clock() - self.began


class AcquireTest(LeaseTest):
    """Who gets a lease, and when."""

    def test_free(self) -> None:
        """The first one takes it at once and says who it is."""
        lease = self.held()
        self.assertEqual((1, 0.0), (lease.epoch, self.waited))
        self.assertEqual(this_process(), self.record["holder"])
        self.assertIsNone(lease.run_id)

    def test_released(self) -> None:
        """A released lease is there, not deleted, and is taken at once."""
        self.held().release()
        self.assertTrue(self.record["released"])
        self.assertEqual((2, 0.0), (self.held().epoch, self.waited))

    def test_run_is_kept(self) -> None:
        """The next holder knows the newest run and the one before."""
        lease = self.held()
        lease.name_run("b", "a")
        lease.release()
        following = self.held()
        self.assertEqual(("b", "a"), (following.run_id, following.previous_run_id))

    def test_held(self) -> None:
        """A holder that renews is waited for, then named."""
        holder = self.held()

        def sleep(seconds: float) -> None:
            """Let time pass, in which the holder lives on."""
            self.clock.sleep(seconds)
            holder.check()

        with self.assertRaisesRegex(LeaseHeld, f"pid {this_process()['pid']} on"):
            self.lease(sleep=sleep).acquire()
        self.assertEqual(WAIT, self.waited)
        holder.check()

    def test_no_patience(self) -> None:
        """Without time to wait a held lease is refused at once."""
        self.held()
        with self.assertRaises(LeaseHeld):
            self.lease(wait=0.0).acquire()
        self.assertEqual(0.0, self.waited)

    def test_expired(self) -> None:
        """A record that did not change for its time to live is taken."""
        self.held()
        self.assertEqual((2, TO_LIVE), (self.held().epoch, self.waited))

    def test_time_to_live_of_the_holder(self) -> None:
        """How long the holder lives is for the holder to say."""
        self.held(to_live=3.0)
        self.assertEqual((2, 3.0), (self.held().epoch, self.waited))

    def test_change_starts_the_wait_again(self) -> None:
        """A renewal late in the wait makes it as long again."""
        self.held()

        def sleep(seconds: float) -> None:
            """Let time pass, with one sign of life."""
            self.clock.sleep(seconds)
            if self.waited == TO_LIVE - 1:
                self.change(renewed="later")

        self.held(sleep=sleep, wait=60.0)
        self.assertEqual(2 * TO_LIVE - 1, self.waited)

    def test_clock_of_the_holder_is_not_believed(self) -> None:
        """A time in the record, however old, proves nothing."""
        self.held()
        self.change(renewed="1999-01-01T00:00:00.000+00:00")
        self.held()
        self.assertEqual(TO_LIVE, self.waited)

    def test_dead_holder(self) -> None:
        """A holder whose process on this machine ended is replaced at once."""
        self.held()
        self.change(holder=dead_process())
        self.assertEqual((2, 0.0), (self.held().epoch, self.waited))

    def test_lost_answer(self) -> None:
        """A lease that was taken without an answer is recognised as our own."""
        self.wire.hook = CrashAt(2, Moment.LOST)
        lease = self.held()
        self.assertEqual((1, 0.0), (lease.epoch, self.waited))
        lease.check()

    def test_lost_race(self) -> None:
        """Two takers of a released lease: the second waits for the first."""
        self.held().release()
        other = self.lease()

        def take_first() -> None:
            """Let the other one be faster."""
            self.wire.hook = direct
            other.acquire()

        self.wire.hook = Disturbance("PutObject", take_first)
        with self.assertRaises(LeaseHeld):
            self.lease(wait=3.0).acquire()
        self.assertEqual(2, other.epoch)
        other.check()


class HolderTest(unittest.TestCase):
    """What proves that a holder is dead."""

    def test_unburied(self) -> None:
        """A process that ended and was not waited for is dead too."""
        with subprocess.Popen(
            [sys.executable, "-c", f"{CHILD}input()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as child:
            assert child.stdout is not None
            holder = json.loads(child.stdout.readline())
            self.assertFalse(provably_dead(holder))
            child.kill()
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
            self.assertTrue(provably_dead(holder))

    def test_this_process_lives(self) -> None:
        """A process that is there is not dead."""
        self.assertFalse(provably_dead(this_process()))

    def test_process_that_ended(self) -> None:
        """A process of this machine that is gone is dead."""
        self.assertTrue(provably_dead(dead_process()))

    def test_number_given_again(self) -> None:
        """A process that started at another time is another process."""
        self.assertTrue(provably_dead({**this_process(), "started": "1"}))

    def test_elsewhere(self) -> None:
        """Of another host, boot or container nothing can be known."""
        for name in ("host", "boot", "namespace"):
            with self.subTest(name):
                holder = {**this_process(), "started": "1", name: "another"}
                self.assertFalse(provably_dead(holder))

    def test_no_proc_file_system(self) -> None:
        """Where the kernel tells nothing, nothing is proven."""
        with mock.patch.object(leases, "Path") as path:
            path.return_value.read_text.side_effect = OSError
            path.return_value.readlink.side_effect = OSError
            holder = {**this_process(), "started": "1"}
            self.assertFalse(provably_dead(holder))


class HeldTest(LeaseTest):
    """A lease that is held, and its renewal by hand."""

    def test_fresh(self) -> None:
        """A check soon after the last renewal asks nobody."""
        lease = self.held()
        sent = len(self.store.requests)
        self.clock.sleep(LeaseTimes().renew)
        lease.check()
        self.assertEqual(sent, len(self.store.requests))

    def test_due(self) -> None:
        """A later check renews, and so the lease outlives its time to live."""
        lease = self.held()
        for _ in range(4):
            self.clock.sleep(TO_LIVE - 1)
            lease.check()
        with self.assertRaises(LeaseHeld):
            self.lease(wait=TO_LIVE - 1).acquire()

    def test_taken_over(self) -> None:
        """Who was away for too long is told so, every time."""
        lease = self.held()
        other = self.held()
        for _ in range(2):
            with self.assertRaises(LeaseLost):
                lease.check()
        other.check()

    def test_lost_holder_changes_nothing(self) -> None:
        """A fenced holder cannot name a run or release the lease of another."""
        lease = self.held()
        self.held().name_run("other", None)
        before = self.record
        with self.assertRaises(LeaseLost):
            lease.name_run("mine", None)
        lease.release()
        self.assertEqual(before, self.record)

    def test_release_finds_the_loss(self) -> None:
        """A release that comes too late is no error and changes nothing."""
        lease = self.held()
        self.held()
        before = self.record
        lease.release()
        self.assertEqual(before, self.record)

    def test_release_without_having(self) -> None:
        """A lease that was never held is not written by its release."""
        self.lease().release()
        self.assertEqual({}, self.record)

    def test_slow_answer(self) -> None:
        """The time to live counts from when the renewal was sent."""
        for operation in ("acquire", "check"):
            with self.subTest(operation):
                lease = self.held()
                slow = Disturbance("PutObject", lambda: self.clock.sleep(TO_LIVE + 1))
                if operation == "acquire":
                    lease.release()
                    self.wire.hook = slow
                    lease = self.held()
                else:
                    self.clock.sleep(TO_LIVE - 1)
                    self.wire.hook = slow
                    lease.check()
                self.wire.hook = direct
                before = self.record["token"]
                lease.check()
                self.assertNotEqual(before, self.record["token"])
                lease.release()


class BackgroundTest(unittest.TestCase):
    """A lease that a thread renews all the time."""

    def setUp(self) -> None:
        """Make the bucket."""
        self.wire = Wire()
        self.store = FakeStore(TARGET, hook=self.wire)
        self.reached = threading.Event()

    def held(self, hook: CallHook) -> Lease:
        """Return a lease that is held; the hook sees what follows."""
        lease = Lease(self.store, REF, LeaseTimes(renew=0.001))
        lease.acquire()
        self.addCleanup(lease.release)
        self.wire.hook = hook
        return lease

    def wait(self) -> None:
        """Wait until the thread did what the test is about."""
        self.assertTrue(self.reached.wait(SECONDS))

    def test_renewed(self) -> None:
        """The thread renews the record, and ends with the release."""
        lease = self.held(Disturbance("PutObject", self.reached.set, first=3))
        self.wait()
        lease.check()
        lease.release()
        self.assertTrue(read_record(self.store, REF).content["released"])

    def test_failing_renewal(self) -> None:
        """A store that fails for a while does not end the thread."""
        failures = iter((TransientError("busy"), TransientError("busy")))

        def act() -> None:
            """Fail twice, then be reached."""
            for error in failures:
                fail(error)
            self.reached.set()

        lease = self.held(Disturbance("PutObject", act))
        self.wait()
        lease.check()

    def test_taken_over(self) -> None:
        """The thread finds that the lease was taken, and the holder stops."""

        def take() -> None:
            """Write the record as another process would."""
            self.wire.hook = direct
            found = read_record(self.store, REF)
            write_record(self.store, REF, {**found.content, "epoch": 2}, found.etag)
            self.wire.hook = Disturbance("GetObject", self.reached.set)

        lease = self.held(Disturbance("PutObject", take))
        self.wait()
        lease.release()
        with self.assertRaises(LeaseLost):
            lease.check()


class TimesTest(unittest.TestCase):
    """The times of a lease that the environment asks for."""

    def times_of(self, **environ: str) -> LeaseTimes:
        """Return the times in an environment."""
        with mock.patch.dict(os.environ, environ, clear=True):
            return LeaseTimes.from_environment(wait=7.0)

    def test_defaults(self) -> None:
        """They are those of the class, but for the time to wait."""
        self.assertEqual(LeaseTimes(wait=7.0), self.times_of())

    def test_a_shorter_life(self) -> None:
        """It is renewed, and looked at, three times as often as it ends."""
        times = self.times_of(ETL_LEASE_SECONDS="1.5")
        self.assertEqual((1.5, 0.5, 0.5), (times.to_live, times.renew, times.poll))


if __name__ == "__main__":
    unittest.main()
