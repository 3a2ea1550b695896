"""Draws a result as tables for people."""

from collections.abc import Iterable, Mapping
import io
import sys

from rich.box import SIMPLE
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text


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
    """Return the tables as text, in colour where stdout shows it."""
    terminal = Console()
    page = io.StringIO()
    console = Console(
        file=page,
        width=terminal.width,
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
    """Return a table with the keys of all rows as columns."""
    table = Table(title=title, title_justify="left", box=SIMPLE)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    for column in columns:
        numeric = all(isinstance(row.get(column), int | float) for row in rows)
        table.add_column(
            column, justify="right" if numeric else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(_text(row.get(column)) for column in columns))
    return table


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
    return Text(str(value))
