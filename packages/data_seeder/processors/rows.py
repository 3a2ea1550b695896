"""Fills the tables, a range of rows at a time; what is there already is compared.

The rows are their own marker. A range is written in one transaction, so that it is
there as a whole or not at all, and a range that is there is read back and compared
byte by byte. A start after a death, or a second one at the same time, therefore
needs no record of what was done.
"""

from typing import Any, NamedTuple

from data_seeder.generation.chance import BLOCK, divided
from data_seeder.generation.tables import AGENCY, Data, FIRST_AGENCY
from data_seeder.repositories.tables import Keys, TableRepository
from etl_core.errors import ConfigError, DataError, ReconciliationError
from etl_core.progress import Progress
from etl_core.retry import RetryPolicy
from etl_core.stop import StopSignal
from etl_core.support.executor import run_bounded

RANGE_BLOCKS = 10
WORKERS = 4


class Range(NamedTuple):
    """Neighbouring blocks of one table."""

    table: str
    blocks: range


class Filled(NamedTuple):
    """What became of a range.

    :param rows: how many it has.
    :param written: whether they were written now.
    """

    rows: int
    written: bool


class Rows:
    """The processor of the tables.

    :param data: every row.
    :param tables: where the rows go.
    :param stop: asks to stop.
    :param retry: for a database that fails for now.
    :param workers: how many connections write at once.
    """

    def __init__(
        self,
        data: Data,
        tables: TableRepository,
        stop: StopSignal,
        retry: RetryPolicy | None = None,
        workers: int = WORKERS,
    ) -> None:
        """Keep the parts."""
        self._data = data
        self._tables = tables
        self._stop = stop
        self._retry = retry or RetryPolicy()
        self._workers = workers

    def fill(self) -> dict[str, Any]:
        """Write what is not there, and count it all; parents come before children.

        :raises ConfigError: when other rows are in the way.
        :raises ReconciliationError: when the tables do not hold what they must.
        """
        total = sum(self._data.rows.values())
        written = 0
        with Progress(total, label="rows") as progress:
            for table in self._data.rows:
                written += self._fill(table, progress)
        return {"rows": total, "written": written, "unchanged": total - written}

    def expect(self) -> dict[str, Any]:
        """Say what :meth:`fill` would find; change nothing."""
        total = sum(self._data.rows.values())
        there = sum(
            self._tables.count(table, self.all_keys(table)) for table in self._data.rows
        )
        return {"rows": total, "to_write": total - there, "there": there}

    def count(self, table: str) -> int:
        """Count the rows that a table has where all of its rows must be."""
        return self._retry.call(lambda: self._tables.count(table, self.all_keys(table)))

    def all_keys(self, table: str) -> Keys:
        """Return the ids of all rows of a table."""
        return self._keys(table, self._data.blocks(table))

    def _fill(self, table: str, progress: Progress) -> int:
        """Fill one table, and return how many rows were written."""
        wanted = self._data.rows[table]
        written = 0
        for filled in run_bounded(
            self._fill_range,
            [
                Range(table, each)
                for each in divided(self._data.blocks(table), RANGE_BLOCKS)
            ],
            workers=self._workers,
            in_flight=self._workers,
            stop=self._stop,
        ):
            progress.advance(filled.rows)
            written += filled.rows if filled.written else 0
        self._stop.check()
        self._retry.call(lambda: self._tables.move_sequence(table))
        there = self.count(table)
        if there != wanted:
            raise ReconciliationError(
                f"{table} holds {there} of the {wanted} rows that were written; "
                "somebody else changes the tables",
                listed=wanted,
                read=there,
            )
        return written

    def _fill_range(self, chosen: Range) -> Filled:
        """See that a range of rows is there, whatever the database does meanwhile."""
        columns = self._tables.columns(chosen.table)
        rows = b"".join(
            self._data.text(chosen.table, columns, block) for block in chosen.blocks
        )
        keys = self._keys(chosen.table, chosen.blocks)
        try:
            written = self._retry.call(lambda: self._put(chosen.table, keys, rows))
        except DataError:
            # Another start has written the range since it was read, or foreign rows
            # stand where ours refer to.
            written = self._put(chosen.table, keys, rows)
        return Filled(keys.last - keys.first + 1, written)

    def _put(self, table: str, keys: Keys, rows: bytes) -> bool:
        """Write a range of which nothing is there, and say whether it was.

        :raises ConfigError: when other rows are there.
        """
        with self._tables.range(table, keys) as session:
            there = session.read()
            if not there:
                session.write(rows)
                return True
        if there == rows:
            return False
        raise ConfigError(
            f"{table}, {keys}: {there.count(10)} rows are there that these arguments "
            "do not make; seed an empty database, or give the arguments of the first "
            "time"
        )

    def _keys(self, table: str, chosen: range) -> Keys:
        """Return the ids of some blocks of a table."""
        first = FIRST_AGENCY if table == AGENCY else 1
        stop = min(chosen.stop * BLOCK, self._data.rows[table])
        return Keys(first + chosen.start * BLOCK, first + stop - 1)
