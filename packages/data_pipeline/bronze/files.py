"""A bronze file that is ready to be read, and why one cannot be."""

from dataclasses import dataclass

from etl_core.errors import DataError

FAULT = "\x01"
"""What the first field of a mended file begins with where a record was none."""

NEWLINE = "\U0010fffd"
"""What stands for the end of a line within a field of a mended file."""


@dataclass(frozen=True)
class BronzeFile:
    """A local file that DuckDB can read as it is.

    :param path: as it was given; rows carry it in ``_file``.
    :param data: what is read: the same file, or a clean copy of it.
    :param layout: the column of the contract in each field; ``""`` for one that it
        does not name.
    :param delimiter: of its fields.
    :param records: how many there are, counted without the reader; ``None`` where
        only the reader can tell.
    :param mended: whether every line is a record or says why it is none.
    :param notes: what was seen and let pass.
    """

    path: str
    data: str
    layout: tuple[str, ...]
    delimiter: str = ","
    records: int | None = None
    mended: bool = False
    notes: tuple[str, ...] = ()


class FileRefused(DataError):
    """A bronze file cannot be read as its contract says.

    :param reason: one word, for the ledger.
    """

    def __init__(self, reason: str, message: str) -> None:
        """Keep the reason beside the message."""
        super().__init__(message)
        self.reason = reason
