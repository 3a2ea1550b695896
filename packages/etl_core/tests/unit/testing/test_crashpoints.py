"""Unit tests of :mod:`etl_core.testing.crashpoints`."""

from concurrent.futures import ThreadPoolExecutor
import signal
import subprocess
import sys
import unittest

from etl_core.calls import Call, direct
from etl_core.errors import ConfigError, TransientError
from etl_core.testing.crashpoints import (
    CallRecorder,
    crash_hook,
    CrashAt,
    Crashed,
    Moment,
)

PUT = Call("s3", "PutObject", "s3://bucket/key")
CHILD = """
from etl_core.calls import Call
from etl_core.testing.crashpoints import crash_hook
hook = crash_hook()
for number in (1, 2, 3):
    hook(Call("s3", "PutObject", "key"), lambda: print(number, flush=True))
"""


class CrashAtTest(unittest.TestCase):
    """Three calls, of which the second is the one."""

    def setUp(self) -> None:
        """Note what was sent."""
        self.sent: list[int] = []

    def send(self, hook: CrashAt, number: int) -> None:
        """Make one call."""
        hook(PUT, lambda: self.sent.append(number))

    def test_before(self) -> None:
        """The call is not sent, and nothing after it."""
        hook = CrashAt(2, Moment.BEFORE)
        self.send(hook, 1)
        for number in (2, 3):
            with self.assertRaises(Crashed):
                self.send(hook, number)
        self.assertEqual([1], self.sent)
        self.assertEqual(PUT, hook.call)

    def test_after(self) -> None:
        """The call is sent, and nothing after it."""
        hook = CrashAt(2, Moment.AFTER)
        self.send(hook, 1)
        for number in (2, 3):
            with self.assertRaises(Crashed):
                self.send(hook, number)
        self.assertEqual([1, 2], self.sent)

    def test_lost(self) -> None:
        """The call is sent, the caller hears otherwise, and the process lives on."""
        hook = CrashAt(2, Moment.LOST)
        self.send(hook, 1)
        with self.assertRaisesRegex(TransientError, "PutObject"):
            self.send(hook, 2)
        self.send(hook, 3)
        self.assertEqual([1, 2, 3], self.sent)

    def test_an_error_is_an_answer(self) -> None:
        """A process dies after a call, or loses its answer, also when it failed."""
        for moment, expected in (
            (Moment.AFTER, Crashed),
            (Moment.LOST, TransientError),
        ):
            with self.subTest(moment), self.assertRaises(expected):
                CrashAt(1, moment)(PUT, self.refuse)

    def refuse(self) -> None:
        """Answer with an error."""
        raise ConfigError("refused")

    def test_no_handler_survives(self) -> None:
        """A crash passes through handlers of exceptions."""
        with self.assertRaises(Crashed):
            try:
                self.send(CrashAt(1, Moment.BEFORE), 1)
            except Exception:  # noqa: BLE001 (the very thing that must not catch it)
                self.fail("tidied up")

    def test_never_reached(self) -> None:
        """A run with fewer calls ends as if nothing were."""
        hook = CrashAt(2, Moment.BEFORE)
        self.send(hook, 1)
        self.assertIsNone(hook.call)

    def test_one_of_many_threads(self) -> None:
        """Exactly one call is the one, however many threads make them."""
        hook = CrashAt(50, Moment.LOST)

        def send(number: int) -> int:
            try:
                self.send(hook, number)
            except TransientError:
                return 1
            return 0

        with ThreadPoolExecutor(8) as executor:
            lost = sum(executor.map(send, range(100)))
        self.assertEqual((1, 100), (lost, len(self.sent)))


class CallRecorderTest(unittest.TestCase):
    """The hook that keeps what passes."""

    def test_keeps_order_and_failures(self) -> None:
        """Calls that fail further in are kept too."""
        recorder = CallRecorder(CrashAt(2, Moment.LOST))
        recorder(PUT, lambda: None)
        copy = PUT._replace(operation="CopyObject")
        with self.assertRaises(TransientError):
            recorder(copy, lambda: None)
        self.assertEqual([PUT, copy], recorder.calls)


class CrashHookTest(unittest.TestCase):
    """The variable that kills a child process."""

    def run_child(self, value: str) -> "subprocess.CompletedProcess[str]":
        """Run a child that makes three calls."""
        return subprocess.run(
            [sys.executable, "-c", CHILD],
            check=False,
            capture_output=True,
            text=True,
            env={"ETL_CRASH_AT": value},
        )

    def test_kills_for_good(self) -> None:
        """The child dies of SIGKILL at the call that was named."""
        for value, output in (("2:before", "1\n"), ("2:after", "1\n2\n")):
            with self.subTest(value=value):
                child = self.run_child(value)
                self.assertEqual(-signal.SIGKILL, child.returncode, child.stderr)
                self.assertEqual(output, child.stdout)

    def test_without_the_variable(self) -> None:
        """Every call is sent and nothing else."""
        self.assertIs(direct, crash_hook({}))

    def test_malformed(self) -> None:
        """A typing error is one line about the variable."""
        for value in ("soon", "2", "2:later", "x:after"):
            with (
                self.subTest(value=value),
                self.assertRaisesRegex(ConfigError, "ETL_CRASH_AT is NUMBER:before"),
            ):
                crash_hook({"ETL_CRASH_AT": value})


if __name__ == "__main__":
    unittest.main()
