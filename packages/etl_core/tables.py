"""Draws a result as tables for people."""

from collections.abc import Iterable, Mapping
import io
import re
import sys

from rich.box import SIMPLE
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

FILE_WIDTH = 160
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")


def render(result: Mapping[str, object]) -> str:
    """Return the facts of a result as a table, and each list of rows as one more."""
    facts = Table(box=SIMPLE, show_header=False)
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    parts: list[RenderableType] = [facts]
    for name, value in result.items():
        rows = _rows(value)
        if rows:
            parts.append(_table(name, rows))
        else:
            facts.add_row(name, _text(value))
    return _drawn(parts)


def _drawn(parts: Iterable[RenderableType]) -> str:
    """Return the tables as text, in colour where stdout shows it.

    A file or a pipe has no width of its own, and takes what the rows need.
    """
    terminal = Console()
    page = io.StringIO()
    console = Console(
        file=page,
        width=terminal.width if sys.stdout.isatty() else FILE_WIDTH,
        force_terminal=sys.stdout.isatty(),
        no_color=terminal.no_color,
    )
    for part in parts:
        console.print(part)
    return page.getvalue()


def _rows(value: object) -> list[Mapping[str, object]]:
    """Return the rows of a list of objects; none when it is anything else."""
    if isinstance(value, list) and all(isinstance(row, Mapping) for row in value):
        return value
    return []


def _table(title: str, rows: list[Mapping[str, object]]) -> Table:
    """Return a table with the keys of all rows as columns, but not the empty ones."""
    table = Table(title=title, title_justify="left", box=SIMPLE, padding=(0, 0))
    rows = [_flat(row) for row in rows]
    columns = [
        column
        for column in dict.fromkeys(key for row in rows for key in row)
        if any(row.get(column) is not None for row in rows)
    ]
    for column in columns:
        values = [row[column] for row in rows if row.get(column) is not None]
        numeric = all(isinstance(value, int | float) for value in values)
        table.add_column(
            column,
            justify="right" if numeric else "left",
            # What a row is called is copied into the next command, in one piece.
            no_wrap=column == columns[0],
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(_text(row.get(column)) for column in columns))
    return table


def _flat(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row in which the facts of an inner object are columns of their own."""
    flat: dict[str, object] = {}
    for key, value in row.items():
        flat.update(value if isinstance(value, Mapping) else {key: value})
    return flat


def _text(value: object) -> Text:
    """Return a value as people write it; nothing in it is markup."""
    if value is None:
        return Text("-")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, int | float):
        return Text(f"{value:,}")
    if isinstance(value, Mapping):
        return Text(", ".join(f"{key} {_text(each)}" for key, each in value.items()))
    if isinstance(value, list):
        return Text(", ".join(str(_text(each)) for each in value) or "-")
    text = str(value)
    return Text(text[:19].replace("T", " ") if TIME.fullmatch(text) else text)
