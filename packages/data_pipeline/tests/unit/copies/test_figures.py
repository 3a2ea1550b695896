"""Tests of the medians, ratios and verdicts of the bench."""

from typing import Any
import unittest

from data_pipeline.tests.performance.copies.contestants import (
    BARE,
    COPY,
    FLOOR,
    JOB,
    SLOWED,
)
from data_pipeline.tests.performance.copies.figures import (
    counts,
    medians,
    Table,
    Verdict,
    verdicts,
)
from data_pipeline.tests.performance.copies.peers import S5CMD
from data_pipeline.tests.unit.copies.samples import RATES, sample


def table(**rates: float) -> Table:
    """Return the table of a run, some of whose rates are others."""
    named = {name.replace("_", " "): rate for name, rate in rates.items()}
    return Table(medians(sample(*each) for each in {**RATES, **named}.items()))


def judged(found: Table, measure: str, **extra: Any) -> Verdict:  # noqa: ANN401
    """Return the one verdict whose name begins so."""
    [verdict] = [it for it in verdicts(found, extra) if it.measure.startswith(measure)]
    return verdict


class MediansTest(unittest.TestCase):
    """Three rounds, one of them disturbed."""

    def test_the_middle_round_counts(self) -> None:
        """Rate, CPU and memory are those of the middle, not of the mean."""
        samples = [sample(BARE, rate, cpu=1 / rate) for rate in (100, 1000, 2000)]
        [found] = medians(samples)
        self.assertAlmostEqual(1000, found.rate)
        self.assertAlmostEqual(0.001, found.cpu)
        self.assertEqual((3, 50.0, 1.0), (found.rounds, found.peak_mib, found.requests))

    def test_groups_keep_apart(self) -> None:
        """Another task or concurrency is another row, in the order of the turns."""
        samples = [
            sample(JOB, 10),
            sample(BARE, 10, concurrency=64),
            sample(BARE, 10, task=SLOWED),
            sample(JOB, 20),
        ]
        found = [(it.contestant, it.task, it.concurrency) for it in medians(samples)]
        expected = [(JOB, COPY, 256), (BARE, COPY, 64), (BARE, SLOWED, 256)]
        self.assertEqual(expected, found)


class CountsTest(unittest.TestCase):
    """A run counts only on a machine and a server that are fast enough."""

    def test_a_fast_floor_counts(self) -> None:
        """Both conditions are printed."""
        does, why = counts(table())
        self.assertTrue(does)
        self.assertRegex(why, r"^counts: .* 9,000 objects/s at 256 .* 0\.09 of a core")

    def test_a_slow_floor_does_not(self) -> None:
        """Below 8,000 objects a second the machine was measured."""
        does, why = counts(Table(medians([sample(FLOOR, 7_999)])))
        self.assertFalse(does)
        self.assertRegex(why, "^does not count: .* 7,999")

    def test_a_busy_server_does_not(self) -> None:
        """From half a core on the server was measured."""
        samples = [sample(FLOOR, 10_000, server_cpu=0.05)]
        self.assertFalse(counts(Table(medians(samples)))[0])

    def test_without_a_floor_it_does_not(self) -> None:
        """A run that left the floor out says so."""
        does, why = counts(Table([]))
        self.assertFalse(does)
        self.assertRegex(why, "C floor did not copy")


class VerdictsTest(unittest.TestCase):
    """Ratios at 256 beside what was asked for."""

    def test_wall_against_the_floor(self) -> None:
        """The ratio is that of the times, and 1.15 is the limit."""
        found = judged(table(), "bare copier / C floor")
        self.assertAlmostEqual(9_000 / 8_500, found.figure)
        self.assertTrue(found.holds)
        slow = judged(table(bare_copier=7_800), "bare copier / C floor")
        self.assertFalse(slow.holds)

    def test_rate_against_s5cmd(self) -> None:
        """The ratio is that of the rates, and at least three is asked of the job."""
        found = judged(table(), "whole job / s5cmd")
        self.assertAlmostEqual(3.5, found.figure)
        self.assertTrue(found.holds)
        slow = judged(table(whole_job=5_900), "whole job / s5cmd")
        self.assertFalse(slow.holds)

    def test_share_under_slow_down(self) -> None:
        """A rate under SlowDown is compared with the clean one of the same client."""
        rows = [sample(BARE, 1000), sample(BARE, 840, task=SLOWED)]
        found = judged(Table(medians(rows)), "bare copier at 5 % SlowDown")
        self.assertAlmostEqual(0.84, found.figure)
        self.assertFalse(found.holds)

    def test_what_was_not_measured_is_not_judged(self) -> None:
        """Without s5cmd there is no verdict about it."""
        only = Table(medians([sample(FLOOR, 9000), sample(BARE, 8500)]))
        self.assertFalse([it for it in verdicts(only, {}) if S5CMD in it.measure])

    def test_second_run_is_judged_by_its_size(self) -> None:
        """The limits are those of a million units, and fewer have a share of them."""
        facts = {"units": 100_000, "requests": 221, "cpu": 5.9}
        found = judged(table(), "unchanged second run, requests", unchanged=facts)
        self.assertEqual((220, False), (found.target, found.holds))
        cpu = judged(table(), "unchanged second run, CPU", unchanged=facts)
        self.assertTrue(cpu.holds)


if __name__ == "__main__":
    unittest.main()
