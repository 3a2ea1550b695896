"""Tests of the circuit breaker."""

from concurrent.futures import ThreadPoolExecutor
import unittest

from etl_core.errors import DataError, ExitCode, TransientError
from etl_core.support.breaker import CircuitBreaker, CircuitOpen


class CircuitBreakerTest(unittest.TestCase):
    """A breaker that opens after three failures, for ten seconds."""

    def setUp(self) -> None:
        """Make it, on a clock that the test moves."""
        self.now = 0.0
        self.calls = 0
        self.breaker = CircuitBreaker(3, 10.0, clock=lambda: self.now)

    def break_down(self) -> None:
        """Fail as a store does that is away."""
        self.calls += 1
        raise TransientError("away")

    def work(self) -> str:
        """Succeed."""
        self.calls += 1
        return "done"

    def fail_times(self, times: int) -> None:
        """Call the failing function."""
        for _ in range(times):
            with self.assertRaisesRegex(TransientError, "^away$"):
                self.breaker.call(self.break_down)

    def test_closed_circuit_lets_calls_through(self) -> None:
        """Two failures are not yet three."""
        self.fail_times(2)

        self.assertEqual("done", self.breaker.call(self.work))

    def test_success_in_between_starts_the_count_again(self) -> None:
        """Only failures in a row count."""
        self.fail_times(2)
        self.breaker.call(self.work)
        self.fail_times(2)

        self.assertEqual("done", self.breaker.call(self.work))

    def test_open_circuit_calls_nothing(self) -> None:
        """It is exit code 75 and says what to do."""
        self.fail_times(3)
        with self.assertRaises(CircuitOpen) as caught:
            self.breaker.call(self.work)

        self.assertEqual(3, self.calls)
        self.assertEqual(ExitCode.TRANSIENT, caught.exception.exit_code)
        self.assertIn("3 calls in a row failed", str(caught.exception))

    def test_trial_that_succeeds_closes_the_circuit(self) -> None:
        """After the time, calls go through again."""
        self.fail_times(3)
        self.now = 10.0
        self.assertEqual("done", self.breaker.call(self.work))

        self.assertEqual("done", self.breaker.call(self.work))

    def test_trial_that_fails_opens_it_again(self) -> None:
        """For the whole time."""
        self.fail_times(3)
        self.now = 10.0
        self.fail_times(1)
        self.now = 19.9
        with self.assertRaises(CircuitOpen):
            self.breaker.call(self.work)

    def test_only_one_call_is_the_trial(self) -> None:
        """The others wait for its outcome."""
        self.fail_times(3)
        self.now = 10.0

        def trial() -> None:
            """Try another call while this one runs."""
            with self.assertRaises(CircuitOpen):
                self.breaker.call(self.work)

        self.breaker.call(trial)
        self.assertEqual("done", self.breaker.call(self.work))

    def test_other_errors_show_that_the_system_is_there(self) -> None:
        """A missing object closes the circuit as a success does."""

        def refuse() -> None:
            """Answer, but with a no."""
            raise DataError("no such object")

        self.fail_times(2)
        with self.assertRaises(DataError):
            self.breaker.call(refuse)
        self.fail_times(2)

        self.assertEqual("done", self.breaker.call(self.work))

    def test_calls_made_elsewhere_are_recorded(self) -> None:
        """The failure that opens the circuit is raised, a success is forgiven."""
        self.breaker.record(False)
        self.breaker.record(False)
        self.breaker.record(True)
        self.breaker.record(False)
        self.breaker.record(False)
        with self.assertRaises(CircuitOpen):
            self.breaker.record(False)

    def test_threads_share_one_count(self) -> None:
        """No failure is lost between them."""
        breaker = CircuitBreaker(4000)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(breaker.record, [False] * 3999))

        with self.assertRaises(CircuitOpen):
            breaker.record(False)


if __name__ == "__main__":
    unittest.main()
