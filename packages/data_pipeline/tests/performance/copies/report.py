"""The tables of a run: for a terminal and, as Markdown, for the documentation."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from data_pipeline.tests.performance.copies.contestants import (
    COPY,
    FLOOR,
    LARGE,
    SLOWED,
    THROUGH,
)
from data_pipeline.tests.performance.copies.figures import (
    counts,
    Median,
    medians,
    Table,
    Verdict,
    verdicts,
)
from data_pipeline.tests.performance.copies.peers import S5CMD

TITLES = {
    COPY: "Copies inside S3, 4 KiB",
    SLOWED: "The same, while S3 refuses 5 % of the requests with 503 SlowDown",
    THROUGH: "Get and put through the process, 4 KiB",
    LARGE: "Get and put through the process, 8 MiB",
}
HEADS = (
    "client",
    "at once",
    "objects",
    "objects/s",
    "of the floor",
    "of s5cmd",
    "CPU s/1,000",
    "peak MiB",
    "requests/object",
    "connections",
    "server, cores",
)
VERDICT_HEADS = ("measure", "at once", "figure", "asked for", "")
Rows = Sequence[Sequence[str]]


class Report:
    """What is told of a run.

    :param document: as :mod:`__main__` writes it.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Compute the figures."""
        self.document = document
        self.medians = medians(document["samples"])
        self.table = Table(self.medians)
        self.counts, self.why = counts(self.table)
        self.verdicts = verdicts(self.table, document)

    def summary(self) -> dict[str, Any]:
        """Return the figures as they go into JSON."""
        return {
            "counts": self.counts,
            "why": self.why,
            "medians": [each._asdict() for each in self.medians],
            "verdicts": [
                {**each._asdict(), "holds": each.holds} for each in self.verdicts
            ],
        }

    def text(self) -> str:
        """Return the tables for a terminal."""
        parts = [
            f"\n{TITLES[task]}\n{plain(HEADS, rows)}" for task, rows in self._tasks()
        ]
        parts.append(f"\nFigures\n{plain(VERDICT_HEADS, self._verdict_rows())}")
        return "\n".join([*parts, f"\nThe run {self.why}."])

    def markdown(self) -> str:
        """Return the tables for a page."""
        parts = [
            f"### {TITLES[task]}\n\n{piped(HEADS, rows)}\n"
            for task, rows in self._tasks()
        ]
        return "\n".join(parts)

    def verdict_markdown(self) -> str:
        """Return the figures beside what was asked for, for a page."""
        return piped(VERDICT_HEADS, self._verdict_rows())

    def shortfalls(self) -> list[Verdict]:
        """Return the figures that are not as asked for."""
        return [each for each in self.verdicts if not each.holds]

    def _tasks(self) -> Iterable[tuple[str, Rows]]:
        """Yield the rows of the table of each task."""
        for task in TITLES:
            rows = [self._row(each) for each in self.medians if each.task == task]
            if rows:
                yield task, rows

    def _row(self, it: Median) -> list[str]:
        """Return a row of the first kind of table."""
        return [
            it.contestant,
            str(it.concurrency),
            f"{it.objects:,}",
            f"{it.rate:,.0f}",
            self._share(it, FLOOR),
            self._share(it, S5CMD),
            f"{it.cpu:.3f}",
            f"{it.peak_mib:.0f}",
            f"{it.requests:.3f}",
            f"{it.connections:,.0f}",
            f"{it.server:.2f}",
        ]

    def _share(self, it: Median, other: str) -> str:
        """Return how many times the objects a second of another one somebody does."""
        ours = it.task, it.contestant
        ratio = self.table.ratio(it.concurrency, ours, (it.task, other))
        return f"{ratio:.2f}" if ratio else ""

    def _verdict_rows(self) -> Rows:
        """Return the rows of the second kind of table."""
        return [
            [
                each.measure,
                str(each.concurrency or ""),
                f"{each.figure:,.3g}" if each.figure < 1000 else f"{each.figure:,.0f}",
                f"{'<=' if each.at_most else '>='} {each.target:,.4g}",
                "pass" if each.holds else "FAIL",
            ]
            for each in self.verdicts
        ]


def plain(heads: Sequence[str], rows: Rows) -> str:
    """Return a table whose columns are aligned."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in (heads, *rows)
    ]
    return "\n".join(lines)


def piped(heads: Sequence[str], rows: Rows) -> str:
    """Return a table in Markdown, figures to the right."""
    ruler = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, ruler, *rows))
