"""Unit tests of :mod:`etl_core.runs.quarantine`."""

import unittest

from etl_core.errors import ConfigError, DataError
from etl_core.runs.quarantine import ALIKE_UNITS, QuarantineWatch
from etl_core.tests.worlds import make_line


class QuarantineWatchTest(unittest.TestCase):
    """A watch over a run of thousands of units."""

    def setUp(self) -> None:
        """Allow as many as the first look takes, and more."""
        self.watch = QuarantineWatch(2 * ALIKE_UNITS)

    def see(self, times: int, reason: str | None) -> None:
        """Let units be done, or fail for a reason."""
        line = make_line(1)
        if reason:
            line = line._replace(outcome="quarantined", reason=reason)
        for _ in range(times):
            self.watch.see(line)

    def test_first_hundred_alike(self) -> None:
        """The hundredth failure of the same kind stops the run, and not before."""
        self.see(ALIKE_UNITS - 1, "access_denied")
        with self.assertRaisesRegex(
            ConfigError, "access_denied, .* s3://bronze/in/001"
        ):
            self.see(1, "access_denied")

    def test_not_alike(self) -> None:
        """One unit that fared otherwise, first or last, is enough to go on."""
        for first, rest in (
            (None, "archived"),
            ("rejected", "archived"),
            ("archived", None),
        ):
            self.setUp()
            self.see(1, first)
            self.see(ALIKE_UNITS - 1, rest)
            self.see(1, "archived")
        self.setUp()
        self.see(ALIKE_UNITS - 1, "archived")
        self.see(1, None)
        self.see(1, "archived")

    def test_more_than_allowed(self) -> None:
        """The allowed number is fine, one more is not."""
        self.see(1, None)
        self.see(2 * ALIKE_UNITS, "archived")
        with self.assertRaisesRegex(DataError, "201 units .* 200 allowed .* sample=1"):
            self.see(1, "archived")

    def test_alike_comes_first(self) -> None:
        """While all fail alike, the limit waits for the hundredth, or for the end."""
        self.watch = QuarantineWatch(10)
        self.see(ALIKE_UNITS - 1, "access_denied")
        with self.assertRaisesRegex(DataError, "99 units .* 10 allowed"):
            self.watch.check()
        with self.assertRaises(ConfigError):
            self.see(1, "access_denied")

    def test_none_allowed(self) -> None:
        """A run that tolerates nothing stops at the first."""
        self.watch = QuarantineWatch(0)
        self.see(5, None)
        with self.assertRaises(DataError):
            self.see(1, "archived")


if __name__ == "__main__":
    unittest.main()
