"""What a new contract breaks for those who read the table, and who fill it."""

from collections.abc import Iterator
from dataclasses import fields
from typing import NamedTuple

from data_pipeline.contracts.model import Column, Contract

WIDER = {
    ("TINYINT", "SMALLINT"),
    ("TINYINT", "INTEGER"),
    ("TINYINT", "BIGINT"),
    ("SMALLINT", "INTEGER"),
    ("SMALLINT", "BIGINT"),
    ("INTEGER", "BIGINT"),
    ("FLOAT", "DOUBLE"),
}
READERS = ("name", "source", "sql_type", "required", "sensitivity")
TABLE = ("key", "order", "partition")


class Difference(NamedTuple):
    """One change.

    :param breaks: whom it may break: ``readers``, ``files``, or ``""`` for nobody.
    """

    breaks: str
    what: str


def differences(old: Contract, new: Contract) -> list[Difference]:
    """Return what changed, what breaks readers first."""
    found = [*_table(old, new), *_reading(old, new), *_columns(old, new)]
    rank = {"readers": 0, "files": 1, "": 2}
    return sorted(found, key=lambda it: rank[it.breaks])


def _table(old: Contract, new: Contract) -> Iterator[Difference]:
    """Yield what changed about the table as a whole."""
    if old.dataset != new.dataset:
        yield Difference("readers", f"the dataset {old.dataset} is now {new.dataset}")
    for name in TABLE:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            what = f"{name} was {_shown(before)}, is {_shown(after)}"
            yield Difference("readers", what)
    for name in ("on_violation", "threshold", "freshness"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield Difference("files", f"{name} was {before}, is {after}")


def _reading(old: Contract, new: Contract) -> Iterator[Difference]:
    """Yield what changed about how files are read."""
    for each in fields(old.reading):
        before, after = getattr(old.reading, each.name), getattr(new.reading, each.name)
        if before != after:
            yield Difference("files", f"{each.name} was {before!r}, is {after!r}")


def _columns(old: Contract, new: Contract) -> Iterator[Difference]:
    """Yield what changed about columns."""
    before = {it.name: it for it in old.columns}
    after = {it.name: it for it in new.columns}
    for name in before.keys() - after.keys():
        yield Difference("readers", f"the column {name} is gone")
    for name in sorted(after.keys() - before.keys()):
        column = after[name]
        needed = column.required or new.reading.missing_columns == "refuse"
        breaks = "files" if needed and not column.derived else ""
        yield Difference(breaks, f"the column {name} is new")
    for name in sorted(before.keys() & after.keys()):
        yield from _column(before[name], after[name])


def _column(old: Column, new: Column) -> Iterator[Difference]:
    """Yield what changed about one column."""
    if old.table_type != new.table_type:
        safe = (old.table_type, new.table_type) in WIDER
        what = f"{old.name}: its type was {old.table_type}, is {new.table_type}"
        yield Difference("" if safe else "readers", what)
    if old.required != new.required:
        text = "may not be null any more" if new.required else "may be null now"
        yield Difference("files" if new.required else "readers", f"{old.name} {text}")
    if old.sensitivity != new.sensitivity and old.table_type == new.table_type:
        what = f"{old.name}: sensitivity was {old.sensitivity}, is {new.sensitivity}"
        yield Difference("readers", what)
    for each in fields(old):
        before, after = getattr(old, each.name), getattr(new, each.name)
        if before != after and each.name not in READERS:
            what = f"{old.name}: {each.name} was {_shown(before)}, is {_shown(after)}"
            yield Difference("files", what)
    if old.source != new.source:
        what = f"{old.name} was read from {old.source}, is from {new.source}"
        yield Difference("files", what)


def _shown(value: object) -> str:
    """Return a part of a contract in a few words."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
