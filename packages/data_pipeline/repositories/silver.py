"""The rows of one batch on their way into a silver table, in an embedded DuckDB.

Everything is decided on narrow tables of keys and row numbers; the wide rows are read
once from the bronze files and once more when they are written.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from etl_core.errors import ConfigError, DataError, ReconciliationError
from etl_core.support.memory import bytes_of
from etl_core.support.shards import Shard

SETTINGS = (
    "SET TimeZone = 'UTC'",
    # It would be written to stdout, which is for the result.
    "SET enable_progress_bar = false",
)
NEW, STORED, REPLACED = 0, 1, 2
# A higher level takes more time, and made orders, logs and prices no smaller.
COMPRESSION = "COMPRESSION zstd, COMPRESSION_LEVEL 1"
IN_ORDER = "SET preserve_insertion_order = {}"
ROWS_AT_ONCE = 10_000
UNPARTITIONED_BYTES = 256 * 1024 * 1024

TABLES = """
CREATE OR REPLACE TABLE files (
    number INTEGER, path VARCHAR, source VARCHAR, hidden BOOLEAN, rejected BOOLEAN,
    first_line BIGINT
);
CREATE OR REPLACE TABLE stored_files (number INTEGER, path VARCHAR{partitions});
CREATE OR REPLACE TABLE stored (
    file INTEGER, file_row BIGINT, source VARCHAR, record BIGINT, replaced BOOLEAN
    {narrow}
)
"""
ADD_FILE = "INSERT INTO files VALUES (?, ?, ?, ?, false, NULL)"
ADD_STORED = "INSERT INTO stored_files VALUES ({marks})"
REJECT = "UPDATE files SET rejected = true WHERE number = ?"
# A join would lose the order of the records.
LOAD = """
CREATE OR REPLACE TABLE lines AS
SELECT {numbers}[list_position({paths}, t._file)] AS _number,
    {elsewhere} AS _elsewhere, t.* EXCLUDE (_file)
FROM ({statement}) AS t
"""
FIRST_LINES = """
UPDATE files SET first_line = found.first_line FROM (
    SELECT _number, min(rowid) AS first_line FROM lines GROUP BY _number
) AS found WHERE found._number = files.number
"""
INCOMING = """
CREATE OR REPLACE VIEW incoming AS
SELECT l.* EXCLUDE (_record), l.rowid AS _row, f.source AS _source,
    f.rejected AS _rejected,
    coalesce(l._record, l.rowid - f.first_line + 1) AS _record
FROM lines AS l JOIN files AS f ON f.number = l._number
"""
RECALL = """
INSERT INTO lines BY NAME
SELECT f.number AS _number, {elsewhere} AS _elsewhere, t.* EXCLUDE (_file)
FROM ({statement}) AS t
JOIN files AS f ON f.path = t._file
JOIN uncovered AS u ON {same_key}
"""
COUNT = """
SELECT f.number, count(i._record), coalesce(max(i._record), 0),
    coalesce(sum(i._record), 0)::HUGEINT, count(*) FILTER (i._elsewhere),
    count(*) FILTER (len(i._violations) > 0 AND NOT i._elsewhere)
FROM files AS f LEFT JOIN incoming AS i ON i._number = f.number
WHERE NOT f.hidden GROUP BY f.number ORDER BY f.number
"""
VIOLATIONS = """
SELECT i._record, v."column", v.value, v.reason
FROM (
    SELECT _record, unnest(_violations) AS v FROM incoming
    WHERE _number = $number AND len(_violations) > 0 AND NOT _elsewhere
) AS i ORDER BY i._record, v."column", v.reason, v.value
"""
REASONS = """
SELECT _number, v."column", v.reason, count(*) FROM (
    SELECT _number, unnest(_violations) AS v FROM incoming
    WHERE len(_violations) > 0 AND NOT _elsewhere
) GROUP BY ALL ORDER BY ALL
"""
GOOD = """
CREATE OR REPLACE VIEW good AS
SELECT * FROM incoming
WHERE len(_violations) = 0 AND NOT _elsewhere AND NOT _rejected
"""
KEY_RANGE = "SELECT {bounds} FROM good"
PARTITIONS = "SELECT DISTINCT {columns} FROM good"
FIND_STORED = """
INSERT INTO stored
SELECT f.number, p.file_row_number, p._source, p._record,
    p._source IN (SELECT source FROM files WHERE NOT hidden AND NOT rejected)
    {narrow}
FROM read_parquet({paths}, filename = true, file_row_number = true,
    hive_partitioning = false) AS p
JOIN stored_files AS f ON f.path = p.filename
WHERE p._source IN (SELECT source FROM files WHERE NOT hidden AND NOT rejected)
    OR {same_key}
"""
SAME_KEY = "({key}) IN (SELECT ({incoming_key}) FROM good AS g)"
RANKS = """
CREATE OR REPLACE TABLE ranks AS
SELECT source, number, row_number() OVER (ORDER BY source) AS rank
FROM (SELECT source FROM files UNION SELECT source FROM stored)
LEFT JOIN files USING (source)
"""
PLACES = """
CREATE OR REPLACE TABLE winners AS
SELECT origin, file, file_row
FROM (
    SELECT origin, file, file_row, row_number() OVER (
        PARTITION BY {keys} ORDER BY {order}rank DESC, record DESC, origin
    ) - 1 AS place
    FROM (
        SELECT {new} AS origin, g._number AS file, g._row AS file_row,
            r.rank AS rank, g._record AS record{good_narrow}
        FROM good AS g JOIN ranks AS r ON r.number = g._number
        UNION ALL
        SELECT CASE WHEN s.replaced THEN {replaced} ELSE {stored} END, s.file,
            s.file_row, r.rank, s.record{stored_narrow}
        FROM stored AS s JOIN ranks AS r ON r.source = s.source
        WHERE {wanted}
    )
) WHERE place = 0
"""
UNCOVERED = """
CREATE OR REPLACE TABLE uncovered AS
SELECT DISTINCT {columns} FROM stored AS s JOIN winners AS w
    ON w.origin = {replaced} AND w.file = s.file AND w.file_row = s.file_row
"""
UNCOVERED_COUNT = "SELECT count(*) FROM uncovered"
FOUND = "SELECT DISTINCT file FROM stored"
DELETED = """
CREATE OR REPLACE TABLE deleted AS
SELECT s.file, s.file_row FROM stored AS s
WHERE NOT EXISTS (
    SELECT 1 FROM winners AS w
    WHERE w.origin = {stored} AND w.file = s.file AND w.file_row = s.file_row
)
"""
NEW_ROWS = """
SELECT {columns}, g._source, g._record FROM good AS g
WHERE g._row IN (SELECT file_row FROM winners WHERE origin = {new})
"""
KEPT_ROWS = """
SELECT {columns}, p._source, p._record
FROM read_parquet({paths}, filename = true, file_row_number = true,
    hive_partitioning = false) AS p
JOIN stored_files AS f ON f.path = p.filename
WHERE NOT EXISTS (
    SELECT 1 FROM deleted AS d
    WHERE d.file = f.number AND d.file_row = p.file_row_number
)
"""
COPY = """
COPY ({rows}) TO {folder} (FORMAT parquet, {compression}, RETURN_STATS,
    FILENAME_PATTERN {name}, {division})
"""
CONCATENATE = """
COPY (FROM read_parquet({paths}, hive_partitioning = false)) TO {path}
    (FORMAT parquet, {compression}, RETURN_STATS)
"""
WON = """
SELECT file, count(*) FROM winners WHERE origin = {new} GROUP BY file
"""
DELETED_FILES = "SELECT file, count(*) FROM deleted GROUP BY file ORDER BY file"
STORED_COUNTS = """
SELECT _source, count(*) FROM read_parquet({paths}, hive_partitioning = false)
GROUP BY _source
"""


class Layout(NamedTuple):
    """What a silver table looks like, as the contract says.

    :param columns: name and DuckDB type, without those that we add.
    :param key: the columns that name a row; none when each is one of its own.
    :param order: columns that decide which row of a key is the newest, and whether
        the greatest one is.
    :param partition: the columns that the files are divided by.
    """

    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    order: tuple[tuple[str, bool], ...]
    partition: tuple[str, ...]


class BatchFile(NamedTuple):
    """A local file that stands for a bronze object.

    :param number: of the file in its batch.
    :param path: as the reader returns it in ``_file``.
    :param source: URL of the object.
    """

    number: int
    path: str
    source: str


class StoredFile(NamedTuple):
    """A local copy of a file of the table.

    :param partition: its values as text, in the order of the layout.
    """

    number: int
    path: str
    partition: tuple[str | None, ...]


class FileCount(NamedTuple):
    """How many rows a bronze file has, and what they are.

    :param elsewhere: rows that another shard keeps.
    """

    number: int
    rows: int
    elsewhere: int
    quarantined: int


class Violation(NamedTuple):
    """Why a row is not in the table.

    :param column: ``None`` when the record as a whole is none.
    """

    record: int
    column: str | None
    value: str | None
    reason: str


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


class SilverRows:
    """Decides which rows of a batch become rows of the table; a context manager.

    :param folder: where DuckDB spills what memory does not hold.
    :param layout: of the table.
    :param memory_limit: for example ``2GB``; DuckDB's own default without one.
    :param shard: whose partitions are kept; ``None`` for all.
    :param settings: of the session, as SQL, that statements for :meth:`load` need.
    """

    def __init__(
        self,
        folder: Path,
        layout: Layout,
        memory_limit: str | None = None,
        shard: Shard | None = None,
        settings: Sequence[str] = (),
    ) -> None:
        """Open an empty database in memory.

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
        self._layout = layout
        self._shard = shard
        self._types = dict(layout.columns)
        for setting in (*SETTINGS, *settings):
            self._run(setting)

    def __enter__(self) -> "SilverRows":
        """Return the rows."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the database."""
        self._db.close()

    def load(self, files: Sequence[BatchFile], statement: str) -> list[FileCount]:
        """Read the bronze files and count their rows.

        :param statement: yields typed rows with ``_file``, ``_record`` and
            ``_violations``; where ``_record`` is null the rows of a file come one
            after the other, in their order.
        :raises ReconciliationError: when record numbers are missing or double.
        """
        self._create_tables()
        self._add_files(files, hidden=False)
        self._run(IN_ORDER.format("true"))
        self._run(
            LOAD.format(
                numbers=[it.number for it in files],
                paths=_texts(it.path for it in files),
                elsewhere=self._elsewhere(),
                statement=statement,
            )
        )
        self._run(IN_ORDER.format("false"))
        self._run(FIRST_LINES)
        self._run(INCOMING)
        self._run(GOOD)
        return [self._counted(*row) for row in self._all(COUNT)]

    def violations(self, number: int) -> Iterator[Violation]:
        """Yield why rows of a file are not in the table, in their order."""
        found = self._db.execute(VIOLATIONS, {"number": number})
        while rows := found.fetchmany(ROWS_AT_ONCE):
            yield from (Violation(*row) for row in rows)

    def reasons(self) -> dict[int, dict[str, int]]:
        """Return how often each column broke the contract, by file and reason."""
        found: dict[int, dict[str, int]] = {}
        for number, column, reason, count in self._all(REASONS):
            name = f"{column}: {reason}" if column else reason
            found.setdefault(number, {})[name] = count
        return found

    def reject(self, numbers: Iterable[int]) -> None:
        """Leave whole files out; what the table has of them stays."""
        self._run_many(REJECT, [[number] for number in numbers])

    def key_bounds(self) -> list[tuple[Any, Any]]:
        """Return the least and greatest value of each key column."""
        if not self._layout.key:
            return []
        bounds = ", ".join(f"min({_q(it)}), max({_q(it)})" for it in self._layout.key)
        row = self._all(KEY_RANGE.format(bounds=bounds))[0]
        return list(zip(row[::2], row[1::2], strict=True))

    def partitions(self) -> set[tuple[str | None, ...]]:
        """Return the partitions of the new rows, their values as text."""
        columns = ", ".join(f"{_q(it)}::VARCHAR" for it in self._layout.partition)
        return set(self._all(PARTITIONS.format(columns=columns)))

    def find(self, stored: Sequence[StoredFile]) -> set[int]:
        """Find the rows of the table that the new ones meet.

        :param stored: files of the table that may hold such rows.
        :returns: the numbers of those that do.
        """
        layout = self._layout
        self._add_stored(stored)
        columns = [*layout.key, *(name for name, _ in layout.order)]
        self._run(
            FIND_STORED.format(
                paths=_texts(it.path for it in stored),
                narrow="".join(f", {self._stored(it)}" for it in columns),
                same_key=self._same_key() if layout.key else "false",
            )
        )
        return {number for (number,) in self._all(FOUND)}

    def compete(self) -> int:
        """Find the newest row of every key.

        :returns: how many keys lost their row, so that an older one may return.
        """
        if not self._layout.key:
            # No row stands in the way of another.
            self.compete_again()
            return 0
        self._place("true")
        columns = ", ".join(f"s.{it}" for it in self._key_names())
        self._run(UNCOVERED.format(columns=columns, replaced=REPLACED))
        return int(self._all(UNCOVERED_COUNT)[0][0])

    def recall(self, files: Sequence[BatchFile], statement: str) -> None:
        """Read those rows of other objects that may return.

        :param files: of objects that have rows which are not in the table.
        """
        self._add_files(files, hidden=True)
        same = " AND ".join(
            f"u.{name} = t.{_q(column)}"
            for name, column in zip(self._key_names(), self._layout.key, strict=True)
        )
        elsewhere = self._elsewhere()
        self._run(
            RECALL.format(statement=statement, elsewhere=elsewhere, same_key=same)
        )

    def compete_again(self) -> None:
        """Find the newest row of every key among those that are left."""
        self._place("NOT s.replaced")

    def settle(self) -> tuple[dict[int, int], dict[int, int]]:
        """Return how many rows win by bronze file, and how many go by stored file."""
        self._run(DELETED.format(stored=STORED))
        won = self._all(WON.format(new=NEW))
        return dict(won), dict(self._all(DELETED_FILES))

    def write(self, folder: Path, name: str, rewritten: Sequence[str]) -> list[Written]:
        """Write the rows that won, with those that stay of the files they replace.

        :param folder: receives the files, which is a layout of partitions.
        :param name: what file names begin with.
        :param rewritten: paths of the stored files that lose rows.
        """
        rows = NEW_ROWS.format(columns=self._columns("g"), new=NEW)
        if rewritten:
            kept = KEPT_ROWS.format(
                columns=self._stored_columns(), paths=_texts(rewritten)
            )
            rows = f"{rows} UNION ALL BY NAME {kept}"
        return self._copy(rows, folder, name)

    def concatenate(self, paths: Sequence[str], path: Path) -> Written:
        """Write the rows of some files, as they are, to one."""
        statement = CONCATENATE.format(
            paths=_texts(paths), path=_text(str(path)), compression=COMPRESSION
        )
        (row,) = self._all(statement)
        return _written(*row[:6])

    def count_stored(self, paths: Sequence[str]) -> dict[str, int]:
        """Return how many rows files of the table hold, by bronze object."""
        if not paths:
            return {}
        return dict(self._all(STORED_COUNTS.format(paths=_texts(paths))))

    def _copy(self, rows: str, folder: Path, name: str) -> list[Written]:
        """Write rows to Parquet files."""
        columns = ", ".join(_q(it) for it in self._layout.partition)
        division = (
            f"PARTITION_BY ({columns})"
            if columns
            else f"FILE_SIZE_BYTES {UNPARTITIONED_BYTES}"
        )
        folder.mkdir()
        written = self._all(
            COPY.format(
                rows=rows,
                folder=_text(str(folder)),
                name=_text(f"{name}-{{uuid}}"),
                compression=COMPRESSION,
                division=division,
            )
        )
        return [_written(*row[:6]) for row in written if row[1]]

    def _place(self, wanted: str) -> None:
        """Find the winner of every key.

        :param wanted: which rows of the table take part.
        """
        layout = self._layout
        names = self._key_names()
        order = "".join(
            f"o{number} {'DESC' if greatest else 'ASC'} NULLS LAST, "
            for number, (_, greatest) in enumerate(layout.order)
        )
        columns = [*layout.key, *(column for column, _ in layout.order)]
        narrow = [name for name, _ in self._narrow_types()]
        self._run(RANKS)
        self._run(
            PLACES.format(
                # Without a key every row is one of its own.
                keys=", ".join(names) or "rank, record",
                order=order,
                new=NEW,
                stored=STORED,
                replaced=REPLACED,
                good_narrow="".join(
                    f", g.{_q(column)} AS {name}"
                    for column, name in zip(columns, narrow, strict=True)
                ),
                stored_narrow="".join(f", s.{it}" for it in narrow),
                wanted=wanted,
            )
        )

    def _narrow_types(self) -> list[tuple[str, str]]:
        """Return the names and types of what winners are decided by."""
        layout = self._layout
        keys = [(f"k{at}", self._types[it]) for at, it in enumerate(layout.key)]
        order = [(f"o{at}", self._types[it]) for at, (it, _) in enumerate(layout.order)]
        return keys + order

    def _key_names(self) -> list[str]:
        """Return the names of the key columns in narrow tables."""
        return [f"k{number}" for number in range(len(self._layout.key))]

    def _columns(self, table: str) -> str:
        """Return the columns of the silver table."""
        return ", ".join(f"{table}.{_q(name)}" for name, _ in self._layout.columns)

    def _stored(self, column: str) -> str:
        """Return a column of a stored file; partitions are not in the file itself."""
        if column in self._layout.partition:
            return f"f.{_q(column)}::{self._types[column]}"
        return f"p.{_q(column)}"

    def _same_key(self) -> str:
        """Return the test whether a stored row has the key of a new one."""
        key = self._layout.key
        return SAME_KEY.format(
            key=", ".join(self._stored(it) for it in key),
            incoming_key=", ".join(f"g.{_q(it)}" for it in key),
        )

    def _stored_columns(self) -> str:
        """Return the columns of the silver table as stored files have them."""
        return ", ".join(
            f"{self._stored(name)} AS {_q(name)}" for name, _ in self._layout.columns
        )

    def _elsewhere(self) -> str:
        """Return whether another shard keeps a row: the hash that Python has too."""
        if self._shard is None:
            return "false"
        values = ", '/', ".join(
            f"coalesce({_q(it)}::VARCHAR, '')" for it in self._layout.partition
        )
        digits = f"md5(concat({values}))[:8]"
        return (
            f"('0x' || {digits})::BIGINT % {self._shard.count} <> {self._shard.index}"
        )

    def _create_tables(self) -> None:
        """Begin with nothing."""
        partitions = "".join(f", {_q(it)} VARCHAR" for it in self._layout.partition)
        narrow = "".join(f", {name} {kind}" for name, kind in self._narrow_types())
        self._run(TABLES.format(partitions=partitions, narrow=narrow))

    def _add_stored(self, stored: Sequence[StoredFile]) -> None:
        """Name files of the table."""
        marks = ", ".join("?" for _ in range(2 + len(self._layout.partition)))
        self._run_many(
            ADD_STORED.format(marks=marks),
            [[it.number, it.path, *it.partition] for it in stored],
        )

    def _add_files(self, files: Sequence[BatchFile], *, hidden: bool) -> None:
        """Name the files of the batch."""
        self._run_many(ADD_FILE, [[*it, hidden] for it in files])

    def _counted(
        self, number: int, rows: int, last: int, total: int, elsewhere: int, bad: int
    ) -> FileCount:
        """Return the count of a file whose records are numbered without a gap."""
        if last != rows or total != rows * (rows + 1) // 2:
            raise ReconciliationError(
                f"file {number} of the batch has {last} records by their numbers, but "
                f"{rows} rows came out of it; nothing was committed",
            )
        return FileCount(number, rows, elsewhere, bad)

    def _run(self, statement: str) -> None:
        """Execute statements whose result nobody needs."""
        self._all(statement)

    def _run_many(self, statement: str, rows: list[list[Any]]) -> None:
        """Execute a statement with each of some rows."""
        with _translated():
            if rows:
                self._db.executemany(statement, rows)

    def _all(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement."""
        with _translated():
            return self._db.execute(statement).fetchall()


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


def _q(name: str) -> str:
    """Return an identifier in quotes."""
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    """Return a literal in quotes."""
    return "'" + value.replace("'", "''") + "'"


def _texts(values: Iterable[str]) -> str:
    """Return a list of literals."""
    return "[" + ", ".join(_text(value) for value in values) + "]"
