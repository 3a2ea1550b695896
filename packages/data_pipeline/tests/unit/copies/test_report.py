"""Tests of the tables, the chart and the pages of the bench."""

import unittest
from xml.etree import ElementTree

from data_pipeline.tests.performance.copies.contestants import BARE, COPY
from data_pipeline.tests.performance.copies.page import page
from data_pipeline.tests.performance.copies.plot import plot
from data_pipeline.tests.performance.copies.report import Report
from data_pipeline.tests.performance.copies.scaling import scaling_page
from data_pipeline.tests.unit.copies.samples import document, RATES, sample


class ReportTest(unittest.TestCase):
    """A run of four contestants at 256."""

    def test_table_has_ratios(self) -> None:
        """A row has the rate and its share of the floor's and of s5cmd's."""
        [row] = [
            line for line in Report(document()).text().splitlines() if BARE in line[:11]
        ][:1]
        self.assertRegex(row, r"^bare copier +256 +1,000 +8,500 +0\.94 +4\.25 ")

    def test_text_says_whether_it_counts(self) -> None:
        """The last line does, also when it does not."""
        self.assertRegex(Report(document()).text(), r"The run counts: .*\.$")
        slow = document(samples=[sample(BARE, 10)])
        self.assertRegex(Report(slow).text(), r"The run does not count: .*\.$")

    def test_summary_has_every_verdict(self) -> None:
        """JSON says of each figure whether it holds."""
        found = Report(document()).summary()
        self.assertEqual(set(RATES), {it["contestant"] for it in found["medians"]})
        self.assertTrue(found["verdicts"])
        for verdict in found["verdicts"]:
            self.assertIn(verdict["holds"], (True, False))


class PageTest(unittest.TestCase):
    """The pages of the documentation."""

    def test_it_names_machine_versions_and_load(self) -> None:
        """A reader can tell on what and when it was measured."""
        text = page(document())
        for fact in ("2 cores, 24 GiB", "python 3.11.7", "2026-11-21", "--full", "2.0"):
            self.assertIn(fact, text)

    def test_it_says_what_falls_short(self) -> None:
        """A figure that does not hold is repeated at the end, and no other."""
        self.assertIn("Nothing that was measured.", page(document()))
        heavy = document(samples=[sample(BARE, 8_500, peak_mib=9, cpu=0.08)])
        _, _, end = page(heavy).partition("## What falls short")
        self.assertIn("bare copier, CPU s per 1,000 copies at 256: 0.08", end)


class PlotTest(unittest.TestCase):
    """The chart."""

    def test_a_bar_for_each_contestant(self) -> None:
        """Bars are as long as rates are high, and the chart is well-formed."""
        chart = ElementTree.fromstring(plot(Report(document()).medians))  # noqa: S314
        bars = chart.findall("{http://www.w3.org/2000/svg}rect")
        widths = [float(bar.attrib["width"]) for bar in bars]
        most = max(RATES.values())
        for rate, width in zip(RATES.values(), widths, strict=True):
            self.assertAlmostEqual(rate / most, width / widths[0], places=3)


class ScalingTest(unittest.TestCase):
    """The page of a study."""

    def test_growth_and_speed_up(self) -> None:
        """Cost for each unit, its growth and the speed-up are computed."""
        text = scaling_page(document(study=study()))
        self.assertIn("| 10,000 | 2.0 | 100 | 66 | 1.010 | 0.5 |", text)
        self.assertIn("CPU for each unit became 0.50 times", text)
        self.assertIn("peak memory 1.10 times", text)
        self.assertIn("| 4 | 64 | 8,000 | 4.00 |", text)
        self.assertIn("four processes are 1.50 times as fast", text)

    def test_a_billion_on_paper(self) -> None:
        """The documented rate and price give hours and dollars."""
        text = scaling_page(document(study=study()))
        self.assertIn("| hours to copy them below one prefix | 79 |", text)
        self.assertIn("| COPY requests, US dollars | 5,000 |", text)
        self.assertIn("**Nothing in this section was measured.**", text)


def study() -> dict[str, object]:
    """Return a study of two sizes and three divisions."""
    small = {"wall": 1.0, "cpu": 0.2, "peak_mib": 60.0, "requests": 1010}
    large = {"wall": 2.0, "cpu": 1.0, "peak_mib": 66.0, "requests": 10_100}
    again = {"wall": 0.5, "cpu": 0.3, "peak_mib": 60.0, "requests": 20}
    shards = ((1, 64, 4.0), (4, 64, 1.0), (1, 256, 1.5))
    return {
        "concurrency": 256,
        "bytes": 4096,
        "growth": [
            {"units": 1_000, "first": small, "second": again},
            {"units": 10_000, "first": large, "second": again},
        ],
        "shards": [
            {
                "units": 8_000,
                "processes": processes,
                "concurrency": concurrency,
                "wall": wall,
                "cpu": 1.0,
                "peak_mib": 60.0,
            }
            for processes, concurrency, wall in shards
        ],
    }


class TaskTest(unittest.TestCase):
    """What is told of tasks."""

    def test_a_task_without_samples_has_no_table(self) -> None:
        """Only what was measured is told."""
        text = Report(document(samples=[sample(BARE, 10)])).markdown()
        self.assertEqual(1, text.count("###"), COPY)


if __name__ == "__main__":
    unittest.main()
