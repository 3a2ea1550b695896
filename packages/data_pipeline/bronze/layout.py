"""Which field of a file is which column of its contract."""

from typing import NamedTuple

from data_pipeline.bronze.files import FileRefused
from data_pipeline.contracts.model import Column, Contract


class Header(NamedTuple):
    """The names that a file gives its fields.

    :param lines: how many lines they take.
    """

    names: tuple[str, ...]
    lines: int


def layout_of(
    contract: Contract, header: Header, name: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the column in each field, and what was let pass.

    :raises FileRefused: when a column is missing, double, or one too many.
    """
    if not header.names:
        return tuple(it.name for it in contract.sources), ()
    found = [_match(contract, each) for each in header.names]
    layout = tuple(column.name if column else "" for column in found)
    extra = tuple(
        each for each, column in zip(header.names, found, strict=True) if not column
    )
    _require_single(layout, name)
    missing = _require_present(contract, layout, name)
    if extra and contract.reading.extra_columns == "refuse":
        text = f"{name} has columns that its contract does not name: {', '.join(extra)}"
        raise FileRefused("columns_extra", text)
    notes = [f"extra column {each}" for each in extra]
    notes += [f"missing column {each}" for each in missing]
    return layout, tuple(notes)


def _match(contract: Contract, name: str) -> Column | None:
    """Return the column that a file calls so, if need be in other letters."""
    for column in contract.sources:
        if column.source == name:
            return column
    folded = name.strip().casefold()
    close = [it for it in contract.sources if it.source.casefold() == folded]
    return close[0] if len(close) == 1 else None


def _require_single(layout: tuple[str, ...], name: str) -> None:
    """Refuse a column that stands twice.

    :raises FileRefused: naming it.
    """
    double = sorted({each for each in layout if each and layout.count(each) > 1})
    if double:
        text = f"{name} has two columns called {', '.join(double)}"
        raise FileRefused("columns_double", text)


def _require_present(
    contract: Contract, layout: tuple[str, ...], name: str
) -> list[str]:
    """Return the columns that a file may lack and does.

    :raises FileRefused: when it lacks another one.
    """
    missing = [it for it in contract.sources if it.name not in layout]
    strict = contract.reading.missing_columns == "refuse"
    needed = [it.source for it in missing if strict or it.required]
    if needed:
        text = f"{name} lacks the columns {', '.join(needed)}"
        raise FileRefused("columns_missing", text)
    return [it.source for it in missing]
