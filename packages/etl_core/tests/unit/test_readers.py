"""Tests of the types of arguments."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import datetime, timezone
import unittest

from etl_core import readers
from etl_core.readers import QuarantineLimit
from etl_core.s3.store import ObjectRef
from etl_core.support.shards import Shard


class ReadersTest(unittest.TestCase):
    """Each type takes what it documents and says what it does not take."""

    def check(
        self, read: Callable[[str], object], good: dict[str, object], bad: list[str]
    ) -> None:
        """Read all texts; the message for a bad one has to repeat it."""
        for text, expected in good.items():
            with self.subTest(text):
                self.assertEqual(expected, read(text))
        for text in bad:
            with self.subTest(text), self.assertRaises(ArgumentTypeError) as caught:
                read(text)
            self.assertIn(repr(text), str(caught.exception))

    def test_booleans(self) -> None:
        """Three words for each, in any case."""
        self.check(
            readers.boolean,
            {"1": True, "TRUE": True, "yes": True, "0": False, "No": False},
            ["on", "2", "y", " 1"],
        )

    def test_whole_numbers(self) -> None:
        """Both bounds are included; digits of other scripts are no digits."""
        self.check(
            readers.whole_number(1, 1024),
            {"1": 1, "1024": 1024, "007": 7},
            ["0", "1025", "-1", "1.0", "1e3", "", "\u0661", "1_000", "9" * 30],
        )

    def test_whole_numbers_without_an_upper_bound(self) -> None:
        """The message says so."""
        with self.assertRaisesRegex(ArgumentTypeError, "number of at least 1$"):
            readers.whole_number(1)("0")

    def test_durations(self) -> None:
        """Units in descending order; a bare number could mean anything."""
        self.check(
            readers.duration,
            {
                "270s": 270.0,
                "5m": 300.0,
                "1h30m": 5400.0,
                "90d": 7776000.0,
                "1d2h3m4s": 93784.0,
                "0s": 0.0,
            },
            ["", "270", "30m1h", "1.5h", "-5s", "5 m", "5M", "s"],
        )

    def test_time_limit_is_longer_than_zero(self) -> None:
        """A deadline of nothing would never get anything done."""
        self.assertEqual(1.0, readers.time_limit("1s"))
        with self.assertRaisesRegex(ArgumentTypeError, "longer than zero"):
            readers.time_limit("0s")

    def test_timestamps(self) -> None:
        """Dates begin at midnight, UTC is the default, the result is in UTC."""

        def utc(*parts: int) -> datetime:
            """Return a time in UTC."""
            year, month, day, *clock = parts
            hour, minute, second, micro = [*clock, 0, 0, 0, 0][:4]
            return datetime(
                year, month, day, hour, minute, second, micro, tzinfo=timezone.utc
            )

        self.check(
            readers.timestamp,
            {
                "2026-11-21": utc(2026, 11, 21),
                "2026-11-21T13:45": utc(2026, 11, 21, 13, 45),
                "2026-11-21 13:45:10": utc(2026, 11, 21, 13, 45, 10),
                "2026-11-21T13:45:10Z": utc(2026, 11, 21, 13, 45, 10),
                "2026-11-21T00:30:00+02:00": utc(2026, 11, 20, 22, 30),
                "2026-11-21T13:45:10.5Z": utc(2026, 11, 21, 13, 45, 10, 500000),
            },
            [
                "",
                "yesterday",
                "2026-13-01",
                "2026-02-30",
                "20261121",
                "2026-11-21T25:00Z",
                "2026-11-21Z",
                "1732195800",
                "0001-01-01T00:00+02:00",
            ],
        )

    def test_quarantine_limits(self) -> None:
        """A share has its sign, a count has none."""
        self.check(
            readers.quarantine_limit,
            {
                "10%": QuarantineLimit(0.1),
                "0%": QuarantineLimit(0.0),
                "2.5%": QuarantineLimit(0.025),
                "25": QuarantineLimit(None, 25),
                "0": QuarantineLimit(None, 0),
            },
            ["101%", "-1", "%", "ten", "0.1", ""],
        )

    def test_quarantine_limit_of_a_run(self) -> None:
        """A share counts a hundred units at least, and is not off by one."""
        self.assertEqual(10, QuarantineLimit(0.1).of(3))
        self.assertEqual(200, QuarantineLimit(0.1).of(2000))
        self.assertEqual(29, QuarantineLimit(0.29).of(100))
        self.assertEqual(0, QuarantineLimit(0.0).of(5000))
        self.assertEqual(7, QuarantineLimit(None, 7).of(5000))

    def test_shards(self) -> None:
        """Zero-based, below the count."""
        self.check(
            readers.shard,
            {"0/1": Shard(0, 1), "3/8": Shard(3, 8)},
            ["8/8", "0/0", "3", "-1/8", "3/8/2", "a/b", ""],
        )

    def test_places_on_s3(self) -> None:
        """The prefix ends in one slash or is empty."""
        self.check(
            readers.s3_prefix,
            {
                "s3://runs": ObjectRef("runs", ""),
                "s3://runs/": ObjectRef("runs", ""),
                "s3://runs/a/b": ObjectRef("runs", "a/b/"),
                "s3://runs/a/b/": ObjectRef("runs", "a/b/"),
            },
            ["runs", "s3://", "s3://R/x", "https://runs/x", "/folder/x", ""],
        )

    def test_objects_on_s3(self) -> None:
        """The key is whatever comes after the bucket."""
        self.check(
            readers.s3_object,
            {
                "s3://acme/a": ObjectRef("acme", "a"),
                "s3://acme//a b/\nü?#": ObjectRef("acme", "/a b/\nü?#"),
            },
            ["", "acme/a", "s3://acme", "s3://acme/", "s3://A/a", "s3:///a"],
        )

    def test_words(self) -> None:
        """What becomes part of a key has no slash and no dot in front."""
        self.check(
            readers.word,
            {"2026-11-21.a_b": "2026-11-21.a_b", "x" * 100: "x" * 100},
            ["", "a/b", "../x", ".x", "a b", "x" * 101, "ä"],
        )


if __name__ == "__main__":
    unittest.main()
