"""Unit tests of :mod:`etl_core.s3.throttle`."""

import unittest

from etl_core.s3.throttle import FEWEST, full_jitter, STARTED_WITH, Throttle

FAST, SLOW = 0.025, 0.2


class ThrottleTest(unittest.TestCase):
    """How much is under way, by what the answers were."""

    def answer(
        self, throttle: Throttle, count: int, seconds: float = FAST, every: int = 0
    ) -> None:
        """Give answers, each so many-th a refusal."""
        for number in range(1, count + 1):
            throttle.answered(seconds, bool(every) and number % every == 0)

    def test_rises_while_answers_come_as_fast(self) -> None:
        """It begins moderately and reaches what was asked for, never more."""
        throttle = Throttle(256)
        self.assertEqual(STARTED_WITH, throttle.limit)
        self.answer(throttle, 1000)
        self.assertEqual(256, throttle.limit)

    def test_small_ceiling(self) -> None:
        """Who asks for little gets it at once."""
        self.assertEqual(1, Throttle(1).limit)

    def test_holds_when_answers_take_longer(self) -> None:
        """More under way would only make them slower."""
        throttle = Throttle(1024)
        self.answer(throttle, STARTED_WITH)
        reached = throttle.limit
        self.answer(throttle, 2000, SLOW)
        self.assertEqual(reached, throttle.limit)

    def test_falls_when_a_share_is_refused(self) -> None:
        """Half of the requests refused again and again leave the fewest."""
        throttle = Throttle(256)
        self.answer(throttle, 1000)
        self.answer(throttle, 256, every=2)
        self.assertLess(throttle.limit, 256)
        self.answer(throttle, 10_000, every=2)
        self.assertEqual(FEWEST, throttle.limit)

    def test_rises_again_by_steps(self) -> None:
        """After a refusal it is raised by a tenth, or by one, at a time."""
        throttle = Throttle(256)
        self.answer(throttle, 10_000, every=2)
        low = throttle.limit
        self.answer(throttle, 3 * 64)
        self.assertGreater(throttle.limit, low)
        self.assertLessEqual(throttle.limit, low + 3)
        self.answer(throttle, 100_000)
        self.assertEqual(256, throttle.limit)

    def test_few_refusals_change_nothing(self) -> None:
        """One in twenty is only sent again."""
        throttle = Throttle(256)
        self.answer(throttle, 20_000, every=20)
        self.assertEqual(256, throttle.limit)

    def test_rate(self) -> None:
        """A tenth of a second's worth goes at once, then one after the other."""
        throttle = Throttle(8, max_rps=100.0)
        sent = 0
        now = 50.0
        while throttle.wait(now) == 0:
            throttle.sent(now)
            sent += 1
        self.assertEqual(11, sent)
        self.assertAlmostEqual(0.01, throttle.wait(now))
        self.assertEqual(0.0, throttle.wait(now + 0.011))

    def test_any_rate(self) -> None:
        """Without one nothing waits."""
        throttle = Throttle(8)
        throttle.sent(1.0)
        self.assertEqual(0.0, throttle.wait(1.0))

    def test_budget_of_retries(self) -> None:
        """It is used up when all fails, and grows with what succeeds."""
        throttle = Throttle(8, retries=2.0)
        taken = [throttle.may_retry() for _ in range(3)]
        self.assertEqual([True, True, False], taken)
        self.answer(throttle, 5)
        self.assertTrue(throttle.may_retry())
        self.assertFalse(throttle.may_retry())

    def test_full_jitter(self) -> None:
        """Any wait up to a bound that doubles, and is bounded itself."""
        self.assertEqual(0.0, full_jitter(3, 0.2, 10.0, lambda: 0.0))
        bounds = [full_jitter(it, 0.2, 1.0, lambda: 1.0) for it in range(1, 6)]
        self.assertEqual([0.2, 0.4, 0.8, 1.0, 1.0], bounds)


if __name__ == "__main__":
    unittest.main()
