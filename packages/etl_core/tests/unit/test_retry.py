"""Unit tests of :mod:`etl_core.retry`."""

import time
import unittest

from etl_core.errors import ConfigError, TransientError
from etl_core.retry import NO_RETRY, RetryPolicy


class Flaky:
    """Fails a number of times, then answers."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        """Fail with a transient error unless told otherwise."""
        self.left = failures
        self.error = error
        self.calls = 0

    def __call__(self) -> str:
        """Answer or fail."""
        self.calls += 1
        if self.left:
            self.left -= 1
            raise self.error or TransientError(f"failure {self.calls}")
        return "answer"


class RetryPolicyTest(unittest.TestCase):
    """A policy that notes its waits and does not wait."""

    def setUp(self) -> None:
        """Note the waits."""
        self.waits: list[float] = []

    def policy(self, **overrides: float) -> RetryPolicy:
        """Return a policy that does not wait."""
        values = {"attempts": 4, "base_seconds": 0.2, "cap_seconds": 0.5} | overrides
        return RetryPolicy(
            attempts=int(values["attempts"]),
            total_seconds=values.get("total_seconds", 60.0),
            base_seconds=values["base_seconds"],
            cap_seconds=values["cap_seconds"],
            sleep=self.waits.append,
        )

    def test_answer_without_failure(self) -> None:
        """What works at once is called once, without a wait."""
        flaky = Flaky(0)
        self.assertEqual("answer", self.policy().call(flaky))
        self.assertEqual((1, []), (flaky.calls, self.waits))

    def test_transient_failures_are_repeated(self) -> None:
        """The answer after some transient failures is the answer."""
        flaky = Flaky(3)
        self.assertEqual("answer", self.policy().call(flaky))
        self.assertEqual(4, flaky.calls)
        self.assertEqual(3, len(self.waits))

    def test_waits_are_bounded(self) -> None:
        """No wait is longer than the cap, the first none longer than the base."""
        for _ in range(20):
            self.waits.clear()
            self.policy().call(Flaky(3))
            self.assertLessEqual(self.waits[0], 0.2)
            self.assertLessEqual(max(self.waits), 0.5)

    def test_gives_up_with_the_last_error(self) -> None:
        """After the last attempt its own error is raised, not one of the library."""
        flaky = Flaky(9)
        with self.assertRaisesRegex(TransientError, "^failure 4$"):
            self.policy().call(flaky)
        self.assertEqual(4, flaky.calls)

    def test_gives_up_when_the_time_is_over(self) -> None:
        """No attempt starts after the total time, however many are left."""
        flaky = Flaky(1000)

        def fail_slowly() -> str:
            time.sleep(0.01)
            return flaky()

        with self.assertRaises(TransientError):
            self.policy(attempts=1000, total_seconds=0.05).call(fail_slowly)
        self.assertLess(flaky.calls, 10)

    def test_other_errors_are_not_repeated(self) -> None:
        """An error that a person must mend is raised at once."""
        flaky = Flaky(1, ConfigError("no such role"))
        with self.assertRaises(ConfigError):
            self.policy().call(flaky)
        self.assertEqual(1, flaky.calls)

    def test_no_retry(self) -> None:
        """The policy without retry calls once."""
        flaky = Flaky(1)
        with self.assertRaises(TransientError):
            NO_RETRY.call(flaky)
        self.assertEqual(1, flaky.calls)


if __name__ == "__main__":
    unittest.main()
