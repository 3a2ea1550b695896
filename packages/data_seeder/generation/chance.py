"""Chance that is none: the same numbers for the same seed, table and id, for ever."""

import hashlib
import struct

BLOCK = 1000
"""Rows whose numbers are drawn at once; another size would make other data."""

DRAWS = 4
SPAN = 8
"""Over how many neighbours children are scattered."""


def draws(seed: int, table: str, block: int) -> list[tuple[int, ...]]:
    """Return, for each of some purposes, a 32-bit number for every row of a block."""
    text = f"{seed}/{table}/{block}".encode()
    size = BLOCK * DRAWS * 4
    numbers = struct.unpack(f"<{BLOCK * DRAWS}I", hashlib.shake_128(text).digest(size))
    return [numbers[purpose::DRAWS] for purpose in range(DRAWS)]


def blocks(start: int, stop: int) -> range:
    """Return the blocks that a range of row numbers touches."""
    return range(start // BLOCK, -(-stop // BLOCK))


def divided(chosen: range, size: int) -> list[range]:
    """Divide some blocks into ranges of a size, of which the last may be smaller."""
    return [chosen[start : start + size] for start in range(0, len(chosen), size)]


def parent_of(row: int, rows: int, parents: int, draw: int) -> int:
    """Return the parent of a row: close to its share of the way, and a bit off it.

    Neighbours have neighbouring parents, so that a range of rows needs a range of
    parents, and yet some parents have many children and some have none.
    """
    return min(row * parents // rows + draw % SPAN, parents - 1)
