"""Measure our copies beside those of other tools, on one endpoint in one run.

Examples::

    python -m data_pipeline.tests.performance.copies
    python -m data_pipeline.tests.performance.copies --only copy --json
    python -m data_pipeline.tests.performance.copies --full --output bench.json
    python -m data_pipeline.tests.performance.copies --from bench.json --page new.md
    python -m data_pipeline.tests.performance.copies --study --output scaling.json
"""

import argparse
from datetime import datetime, timezone
import json
import os
from pathlib import Path
import platform
import shlex
import signal
import sys
from typing import Any

from data_pipeline.tests.performance.copies.contestants import (
    COPY,
    entries,
    Entry,
    FULL,
    LARGE,
    MODEST,
    SLOWED,
    THROUGH,
)
from data_pipeline.tests.performance.copies.endpoint import can_compile, COMPILER
from data_pipeline.tests.performance.copies.extras import startup, unchanged
from data_pipeline.tests.performance.copies.figures import HIGHER, LOWER
from data_pipeline.tests.performance.copies.measure import Bench, bench, WrongResult
from data_pipeline.tests.performance.copies.page import page
from data_pipeline.tests.performance.copies.peers import versions
from data_pipeline.tests.performance.copies.plot import plot
from data_pipeline.tests.performance.copies.report import Report
from data_pipeline.tests.performance.copies.scaling import scaling_page
from data_pipeline.tests.performance.copies.study import study
from etl_core.readers import whole_number

TASKS = (COPY, SLOWED, THROUGH, LARGE)
WARM_UP = 500
GIB = 2**30


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m data_pipeline.tests.performance.copies",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    some = whole_number(1)
    parser.add_argument(
        "--full",
        action="store_true",
        help="the sizes of the published table: jobs of 50,000 and 200,000 units",
    )
    parser.add_argument(
        "--rounds", type=some, default=5, metavar="N", help="measured (default: 5)"
    )
    parser.add_argument(
        "--only", action="append", choices=TASKS, help="a task; may be repeated"
    )
    parser.add_argument(
        "--concurrency",
        action="append",
        type=whole_number(1, 1024),
        metavar="N",
        help=f"may be repeated (default: {LOWER} and {HIGHER})",
    )
    parser.add_argument(
        "--latency-ms",
        type=float,
        default=25.0,
        metavar="MS",
        help="of each request (default: 25)",
    )
    parser.add_argument(
        "--unchanged",
        type=some,
        metavar="UNITS",
        help="also measure a second run over so many unchanged units",
    )
    parser.add_argument(
        "--study", action="store_true", help="the scaling study and nothing else"
    )
    parser.add_argument(
        "--study-units",
        type=_numbers,
        default=[1_000, 10_000, 100_000],
        metavar="N,N",
        help="sizes of the study (default: 1000,10000,100000)",
    )
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="FILE",
        help="measure nothing, take what --output has written",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write everything as JSON"
    )
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="write a chart as SVG"
    )
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="write the page of the documentation"
    )
    parser.add_argument(
        "--json", action="store_true", help="print the figures as the last line"
    )
    found = parser.parse_args(argv)
    if found.source and not found.source.is_file():
        parser.error(f"--from {found.source}: there is no such file")
    found.concurrency = found.concurrency or [LOWER, HIGHER]
    found.only = found.only or list(TASKS)
    return found


def _numbers(text: str) -> list[int]:
    """Read numbers with commas between them, the smallest first."""
    return sorted(whole_number(1)(each) for each in text.split(","))


def main(argv: list[str]) -> int:
    """Measure, or read what was measured, and tell; 1 when the run does not count."""
    asked = parse(argv)
    if asked.source:
        document = json.loads(asked.source.read_text())
    elif not can_compile():
        tell(f"SKIPPED: the bench needs a C compiler, {COMPILER}, and there is none")
        return 0
    else:
        try:
            document = measured(asked, argv)
        except WrongResult as error:
            tell(f"the bench stopped: {error}")
            return 1
    return published(document, asked)


def measured(asked: argparse.Namespace, argv: list[str]) -> dict[str, Any]:
    """Return everything that was measured."""
    # So that servers and folders go when the bench is told to.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    document: dict[str, Any] = {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine(),
        "versions": versions(),
        "arguments": shlex.join(argv),
        "rounds": asked.rounds,
        "latency_ms": asked.latency_ms,
        "load": {"load_before": _load()},
    }
    with bench(asked.latency_ms) as found:
        document["versions"]["postgresql"] = found.rows.version()
        if asked.study:
            document["study"] = study(
                found, asked.study_units, asked.study_units[-1], asked.rounds
            )
            loads = [_load()]
        else:
            loads = compared(found, asked, document)
            document["startup"] = startup(found)
            if asked.unchanged:
                document["unchanged"] = unchanged(found, asked.unchanged, HIGHER)
    document["load"].update(load_after=_load(), load_most=max(loads))
    return document


def compared(
    found: Bench, asked: argparse.Namespace, document: dict[str, Any]
) -> list[float]:
    """Let all contestants take their turn; every round that ends is kept.

    :param document: is given the samples.
    :return: the load averages on the way.
    """
    turns = entries(FULL if asked.full else MODEST, asked.concurrency, asked.only)
    for entry in turns:
        found.measure(_warm_up(entry))
    samples, loads = document.setdefault("samples", []), [_load()]
    for number in range(1, asked.rounds + 1):
        for entry in turns:
            sample = found.measure(entry)
            samples.append({"round": number, **sample.facts()})
            loads.append(_load())
            tell(
                f"round {number} of {asked.rounds}: {entry.task}, {entry.contestant} "
                f"at {entry.concurrency}: {entry.objects / sample.wall:,.0f} objects/s"
            )
        document["rounds"] = number
        document["load"].update(load_after=loads[-1], load_most=max(loads))
        keep(document, asked)
    return loads


def keep(document: dict[str, Any], asked: argparse.Namespace) -> None:
    """Write what was measured so far, where that was asked for."""
    if asked.output:
        asked.output.write_text(json.dumps(document, indent=1) + "\n")


def _warm_up(entry: Entry) -> Entry:
    """Return the same with few objects, so that files and pages are in memory."""
    return entry._replace(objects=min(entry.objects, WARM_UP))


def published(document: dict[str, Any], asked: argparse.Namespace) -> int:
    """Write and print what was measured; 1 when the run does not count."""
    keep(document, asked)
    if "study" in document:
        text = scaling_page(document)
        print_line(text)
        if asked.page:
            asked.page.write_text(text)
        if asked.json:
            print_line(json.dumps(document["study"]))
        return 0
    report = Report(document)
    print_line(report.text())
    if asked.page:
        asked.page.write_text(page(document))
    if asked.plot:
        asked.plot.write_text(plot(report.medians))
    if asked.json:
        print_line(json.dumps(report.summary()))
    return int(not report.counts)


def machine() -> str:
    """Return what all of this runs on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} "
        f"{platform.release().split('-')[0]}, {platform.machine()}"
    )


def _load() -> float:
    """Return the load average of the last minute."""
    return round(os.getloadavg()[0], 2)


def tell(line: str) -> None:
    """Write progress, which is not the result."""
    sys.stderr.write(f"{line}\n")


def print_line(text: str) -> None:
    """Write the result."""
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
