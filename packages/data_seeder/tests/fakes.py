"""Tables in memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from data_seeder.generation.tables import AGENCY, ATTACHMENT, DOCUMENT, USER
from data_seeder.repositories.tables import Keys, RangeSession, TableRepository
from etl_core.config import DatabaseSettings

COLUMNS = {
    AGENCY: ["id", "name"],
    USER: ["id", "agency_id", "email"],
    DOCUMENT: ["id", "user_id", "title"],
    ATTACHMENT: ["id", "document_id", "object_key", "checksum_sha256"],
}
NOWHERE = DatabaseSettings.model_validate({"host": "", "name": "", "user": ""})


class FakeRange:
    """A transaction on one range.

    :param lines: the rows of a table, by id.
    :param keys: the range.
    :param on_write: is called before rows are written.
    """

    def __init__(
        self, lines: dict[int, bytes], keys: Keys, on_write: Callable[[], None]
    ) -> None:
        """Keep the parts."""
        self._lines = lines
        self._keys = keys
        self._on_write = on_write

    def read(self) -> bytes:
        """Return the rows of the range."""
        first, last = self._keys
        return b"".join(self._lines.get(it, b"") for it in range(first, last + 1))

    def write(self, rows: bytes) -> None:
        """Insert rows."""
        self._on_write()
        for line in rows.splitlines(keepends=True):
            self._lines[int(line.partition(b"\t")[0])] = line


class FakeTables(TableRepository):
    """All tables, with what happens when rows are written to them."""

    def __init__(self) -> None:
        """Begin without rows."""
        super().__init__(NOWHERE)
        self.lines: dict[str, dict[int, bytes]] = {table: {} for table in COLUMNS}
        self.moved: list[str] = []
        self.on_write: Callable[[], None] = lambda: None

    def columns(self, table: str) -> list[str]:
        """Return some columns of a table."""
        return COLUMNS[table]

    @contextmanager
    def range(self, table: str, keys: Keys) -> Iterator[RangeSession]:
        """Open a range."""
        fake = FakeRange(self.lines[table], keys, lambda: self.on_write())
        yield cast(RangeSession, fake)

    def count(self, table: str, keys: Keys) -> int:
        """Count the rows of a range."""
        return sum(keys.first <= it <= keys.last for it in self.lines[table])

    def move_sequence(self, table: str) -> None:
        """Note that it was asked for."""
        self.moved.append(table)
