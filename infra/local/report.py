"""What the demo shows on the terminal."""

from collections.abc import Sequence
import csv
import io
import sys
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from etl_core.testing.s3 import S3Server

SHOWN_ROWS = 3
TOTALS = ("listed", "done", "unchanged", "skipped", "quarantined")

console = Console(highlight=False)


class Outcome(NamedTuple):
    """How one run ended.

    :param requests: how many the S3 endpoint had from it.
    :param result: the JSON object that it printed.
    """

    agency_id: int
    exit_code: int
    requests: int
    result: dict[str, Any]


def step(name: str, said: str, seconds: float) -> None:
    """Show that a step is done."""
    console.print(
        f"[green]ready[/]  {name:<12} {escape(said)}  [dim]{seconds:.1f} s[/]"
    )


def command(*words: str) -> None:
    """Show a command before it runs."""
    console.print(f"\n[bold]$ {escape(' '.join(words))}[/]")


def raw(line: str) -> None:
    """Show a line as it is, however long."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def table(title: str, query: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Show a question to a table, and its answer."""
    console.print(f"\n{title}\n[bold]{escape(query)}[/]")
    for row in rows:
        console.print("  " + "  ".join("-" if it is None else str(it) for it in row))


def summary(first: Sequence[Outcome], again: Sequence[Outcome]) -> None:
    """Show every run in one table."""
    table = Table(
        title="\nWhat became of every attachment",
        title_justify="left",
        box=SIMPLE,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column("agency")
    for name in ("exit", *TOTALS, "requests", "s"):
        table.add_column(name, justify="right")
    for outcome in first:
        table.add_row(*_cells("", outcome))
    for outcome in again:
        table.add_row(*_cells(" again", outcome))
    console.print(table)


def _cells(suffix: str, outcome: Outcome) -> list[str]:
    """Return one row of the table."""
    return [
        f"{outcome.agency_id}{suffix}",
        str(outcome.exit_code),
        *(f"{outcome.result[name]:,}" for name in TOTALS),
        f"{outcome.requests:,}",
        f"{outcome.result['seconds']:.1f}",
    ]


def verified(objects: int) -> None:
    """Say what was found to be right."""
    console.print(
        f"[green]verified[/]  {objects:,} objects in the destination have the bytes of "
        "their sources.\n"
        "Exit code 3 says that rows wait in quarantine: their objects are missing.\n"
        "Run again, the job copies nothing that is unchanged.",
        soft_wrap=True,
    )


def whereabouts(server: S3Server, result: dict[str, Any]) -> None:
    """Show where the records of a run are, and some of them."""
    console.print("\n[bold]Where everything is[/]")
    for name in ("manifest", "ledger"):
        console.print(f"  {name:<9} {escape(str(result[name]))}", soft_wrap=True)
    console.print("\n[bold]From the manifest[/]: copies, and what is in quarantine")
    rows = _manifest(server, result["manifest"])
    copied = [row for row in rows if row["outcome"] == "done"]
    quarantined = [row for row in rows if row["outcome"] == "quarantined"]
    for row in (*copied[:SHOWN_ROWS], *quarantined[:SHOWN_ROWS]):
        console.print(
            f"  {row['outcome']:<12} {row['reason']:<15} "
            f"{escape(repr(row['file_name']))}",
            soft_wrap=True,
        )


def _manifest(server: S3Server, url: str) -> list[dict[str, str]]:
    """Return the rows of a manifest."""
    place = urlsplit(url)
    answer = server.create_client().get_object(
        Bucket=place.netloc, Key=place.path.removeprefix("/")
    )
    return list(csv.DictReader(io.StringIO(answer["Body"].read().decode(), newline="")))


def next_steps() -> None:
    """Say what to try next, now that the servers are gone."""
    console.print(
        "\n[bold]What to try next[/]\n"
        "  make demo ARGS=--keep                      keep the servers, run the job "
        "yourself\n"
        "  .venv/bin/data-pipeline list               every job with its description\n"
        "  .venv/bin/data-pipeline run get_s3_files -- --help\n",
        soft_wrap=True,
    )


def kept(exports: Sequence[str]) -> None:
    """Show how to use the servers that are kept up."""
    console.print("\n[bold]The servers stay up until Ctrl-C.[/] In another terminal:\n")
    for line in exports:
        raw(line)
    console.print(
        "\nthen\n\n"
        "  .venv/bin/data-pipeline run get_s3_files -- --agency-id 10 --dry-run\n"
        "  .venv/bin/data-pipeline run get_s3_files -- --agency-id 10\n",
        soft_wrap=True,
    )


def stopped() -> None:
    """Say that nothing is left."""
    console.print("\nstopped; nothing is left running")


def failure(message: str) -> None:
    """Show what went wrong."""
    console.print(f"[red]the demo failed:[/] {escape(message)}", soft_wrap=True)
