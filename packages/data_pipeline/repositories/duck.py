"""DuckDB in this process: a session with limits, and the Parquet files it writes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import json
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from data_pipeline.repositories.bronze import sql
from etl_core.errors import ConfigError, DataError
from etl_core.support.memory import bytes_of

SETTINGS = (
    "SET TimeZone = 'UTC'",
    # It would be written to stdout, which is for the result.
    "SET enable_progress_bar = false",
)
ORDER = "SET preserve_insertion_order = {}"
ROWS_AT_ONCE = 10_000
# A higher level takes longer; the orders of the benchmark become no smaller by it.
PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"
# The least that DuckDB's guide to performance (Environment) gives a thread.
THREADS = """
SELECT greatest(1, least(
    current_setting('threads'),
    parse_formatted_bytes(current_setting('memory_limit')) // 125_000_000
))
"""
STEPS = """
SELECT 1 + 3 * sum(memory_usage_bytes + temporary_storage_bytes)
    // parse_formatted_bytes(current_setting('memory_limit'))
FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'
"""
CONCATENATE = """
COPY (FROM read_parquet({paths}, hive_partitioning = false)) TO {path}
    ({parquet}, RETURN_STATS)
"""


class Written(NamedTuple):
    """A Parquet file that was written.

    :param lowest: least value of each column, as DuckDB writes it.
    """

    path: Path
    rows: int
    size: int
    partition: dict[str, str | None]
    lowest: dict[str, str]
    highest: dict[str, str]
    nulls: dict[str, int]


class Session:
    """A database in memory; a context manager.

    :param folder: where it spills what memory does not hold.
    :param memory_limit: for example ``2GB``; DuckDB's own default without one.
    :param settings: as SQL.
    """

    def __init__(
        self, folder: Path, memory_limit: str | None, settings: Sequence[str] = ()
    ) -> None:
        """Open it, empty.

        :raises ConfigError: when the limit is not one.
        """
        config: dict[str, Any] = {
            "temp_directory": str(folder / "spill"),
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
        }
        if memory_limit:
            # Not every version of DuckDB that we run on reads a share itself.
            config["memory_limit"] = bytes_of(memory_limit)
        try:
            self._db = duckdb.connect(":memory:", config=config)
        except duckdb.Error as error:
            raise ConfigError(f"--memory-limit {memory_limit}: {error}") from error
        for setting in (*SETTINGS, *settings):
            self.run(setting)
        ((threads,),) = self.all(THREADS)
        self.run(f"SET threads = {threads}")

    def __enter__(self) -> "Session":
        """Return the session."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the database."""
        self._db.close()

    @contextmanager
    def in_order(self) -> Iterator[None]:
        """Keep the order of rows, where a statement can; that takes memory."""
        self.run(ORDER.format("true"))
        try:
            yield
        finally:
            self.run(ORDER.format("false"))

    def steps(self) -> int:
        """Return in how many steps all rows of its tables can be worked on.

        The rows of a step take a third of the memory, and sorting them into
        partitions and compressing them the rest.
        """
        ((steps,),) = self.all(STEPS)
        return int(steps)

    def plan(self, statement: str) -> str:
        """Return the name of the operator that a statement ends in."""
        ((_, plan),) = self.all(f"EXPLAIN (FORMAT json) {statement}")
        name: str = json.loads(plan)[0]["name"]
        return name

    def run(self, statements: str) -> None:
        """Execute statements whose result nobody needs."""
        self.all(statements)

    def run_many(self, statement: str, rows: list[list[Any]]) -> None:
        """Execute a statement with each of some rows."""
        with _translated():
            if rows:
                self._db.executemany(statement, rows)

    def all(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement."""
        with _translated():
            return self._db.execute(statement).fetchall()

    def each(self, statement: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a statement that may be many."""
        found = self._db.execute(statement)
        while rows := found.fetchmany(ROWS_AT_ONCE):
            yield from rows

    def copy(self, statement: str) -> list[Written]:
        """Return the files that a ``COPY`` with ``RETURN_STATS`` wrote."""
        return [_written(*row[:6]) for row in self.all(statement) if row[1]]

    def concatenate(self, paths: Sequence[str], path: Path) -> Written:
        """Write the rows of some Parquet files, as they are, to one."""
        (written,) = self.copy(
            CONCATENATE.format(
                paths=f"[{sql.texts(paths)}]", path=sql.text(str(path)), parquet=PARQUET
            )
        )
        return written


@contextmanager
def _translated() -> Iterator[None]:
    """Say what an error of the engine means.

    :raises ConfigError: when memory or disk do not suffice.
    :raises DataError: when the files cannot be read.
    """
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise ConfigError(
            f"the engine ran out of memory: {_first_line(error)}; raise "
            "--memory-limit, or lower --batch-bytes"
        ) from error
    except duckdb.IOException as error:
        raise ConfigError(
            f"the engine cannot use the disk: {_first_line(error)}; make room in the "
            "folder that TMPDIR names, and start the same command to continue"
        ) from error
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        raise DataError(f"the batch cannot be read: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    """Return what an error says, without its advice."""
    return str(error).partition("\n")[0]


def _written(
    path: str,
    rows: int,
    size: int,
    _footer: int,
    statistics: dict[str, dict[str, str]],
    partition: dict[str, str | None] | None,
) -> Written:
    """Return what DuckDB says of a file that it wrote."""
    found = {name[1:-1].replace('""', '"'): it for name, it in statistics.items()}
    return Written(
        Path(path),
        rows,
        size,
        partition or {},
        {name: it["min"] for name, it in found.items() if "min" in it},
        {name: it["max"] for name, it in found.items() if "max" in it},
        {name: int(it["null_count"]) for name, it in found.items()},
    )
