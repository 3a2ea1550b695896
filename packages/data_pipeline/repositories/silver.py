"""The rows of one batch on their way into a silver table, in an embedded DuckDB.

Everything is decided on narrow tables of keys and row numbers; the wide rows are read
once from the bronze files and once more when they are written.
"""

from collections.abc import Iterable, Iterator, Sequence
import itertools
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from data_pipeline.repositories.bronze import sql
from data_pipeline.repositories.duck import PARQUET, Session, Written
from etl_core.errors import ReconciliationError
from etl_core.support.shards import Shard

NEW, STORED, REPLACED = 0, 1, 2
# How DuckDB calls an insertion by several threads that keeps the order of its rows.
ORDERED = "BATCH_INSERT"
UNPARTITIONED_BYTES = 256 * 1024 * 1024

TABLES = """
CREATE TABLE files (
    number INTEGER, path VARCHAR, source VARCHAR, hidden BOOLEAN, rejected BOOLEAN,
    first_line BIGINT
);
CREATE TABLE lines (
    _number INTEGER, _elsewhere BOOLEAN, {columns}, _record BIGINT,
    _violations STRUCT("column" VARCHAR, "value" VARCHAR, reason VARCHAR)[]
);
CREATE VIEW incoming AS
SELECT l.* EXCLUDE (_record), l.rowid AS _row, f.source AS _source,
    f.rejected AS _rejected,
    coalesce(l._record, l.rowid - f.first_line + 1) AS _record
FROM lines AS l JOIN files AS f ON f.number = l._number;
CREATE VIEW good AS
SELECT * FROM incoming
WHERE len(_violations) = 0 AND NOT _elsewhere AND NOT _rejected;
CREATE TABLE stored_files (number INTEGER, path VARCHAR{partitions});
CREATE TABLE stored (
    file INTEGER, file_row BIGINT, source VARCHAR, record BIGINT, replaced BOOLEAN
    {narrow}
)
"""
ADD_FILE = "INSERT INTO files VALUES (?, ?, ?, ?, false, ?)"
FORGET = """
DELETE FROM lines WHERE _number = {number};
DELETE FROM files WHERE number = {number}
"""
ADD_STORED = "INSERT INTO stored_files VALUES ({marks})"
REJECT = "UPDATE files SET rejected = true WHERE number = ?"
LOAD = """
INSERT INTO lines BY NAME
SELECT {numbers}[list_position({paths}, t._file)] AS _number,
    {elsewhere} AS _elsewhere, t.* EXCLUDE (_file)
FROM ({statement}) AS t
"""
FIRST_LINES = """
SELECT _number, min(rowid) FROM lines WHERE rowid >= {first} GROUP BY _number
"""
RECALL = """
INSERT INTO lines BY NAME
SELECT f.number AS _number, {elsewhere} AS _elsewhere, t.* EXCLUDE (_file)
FROM ({statement}) AS t
JOIN files AS f ON f.path = t._file
JOIN uncovered AS u ON {same_key}
WHERE len(t._violations) = 0
"""
COUNT = """
SELECT f.number, count(i._record), coalesce(max(i._record), 0),
    coalesce(sum(i._record), 0)::HUGEINT, count(*) FILTER (i._elsewhere),
    count(*) FILTER (len(i._violations) > 0 AND NOT i._elsewhere)
FROM files AS f
LEFT JOIN (FROM incoming WHERE _row >= {first}) AS i ON i._number = f.number
WHERE f.number IN {numbers} GROUP BY f.number ORDER BY f.number
"""
VIOLATIONS = """
SELECT i._number, i._record, v."column", v.value, v.reason
FROM (
    SELECT _number, _record, unnest(_violations) AS v FROM incoming
    WHERE len(_violations) > 0 AND NOT _elsewhere
) AS i ORDER BY i._number, i._record, v."column", v.reason, v.value
"""
REASONS = """
SELECT _number, v."column", v.reason, count(*) FROM (
    SELECT _number, unnest(_violations) AS v FROM incoming
    WHERE len(_violations) > 0 AND NOT _elsewhere
) GROUP BY ALL ORDER BY ALL
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
WHERE g._row >= {first} AND g._row < {end} AND g._row IN (
    SELECT file_row FROM winners
    WHERE origin = {new} AND file_row >= {first} AND file_row < {end}
)
"""
KEPT_ROWS = """
SELECT {columns}, p._source, p._record
FROM read_parquet({paths}, filename = true, file_row_number = true,
    hive_partitioning = false) AS p
JOIN stored_files AS f ON f.path = p.filename
WHERE NOT EXISTS (
    FROM (
        FROM deleted WHERE file IN (
            SELECT number FROM stored_files WHERE path IN {paths}
        )
    ) AS d
    WHERE d.file = f.number AND d.file_row = p.file_row_number
)
"""
COPY = """
COPY ({rows}) TO {folder} ({parquet}, RETURN_STATS,
    FILENAME_PATTERN {name}, OVERWRITE_OR_IGNORE, {division})
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


class SilverRows:
    """Decides which rows of a batch become rows of the table.

    :param session: empty, with the settings that statements for :meth:`load` need.
    :param layout: of the table.
    :param shard: whose partitions are kept; ``None`` for all.
    """

    def __init__(
        self, session: Session, layout: Layout, shard: Shard | None = None
    ) -> None:
        """Make empty tables."""
        self._db = session
        self._layout = layout
        self._shard = shard
        self._types = dict(layout.columns)
        self._loaded = 0
        self._create_tables()

    def load(self, files: Sequence[BatchFile], statement: str) -> list[FileCount]:
        """Read some bronze files and count their rows.

        :param statement: yields typed rows with ``_file``, ``_record`` and
            ``_violations``; where ``_record`` is null the rows of a file have to
            come one after the other, as :meth:`keeps_order` tells.
        :raises DataError: when they cannot be read; no row of them is kept.
        :raises ReconciliationError: when record numbers are missing or double.
        """
        first, numbers = self._loaded, [it.number for it in files]
        with self._db.in_order():
            ((loaded,),) = self._db.all(self._insertion(files, statement))
        self._loaded += loaded
        first_lines = dict(self._db.all(FIRST_LINES.format(first=first)))
        self._db.run_many(
            ADD_FILE, [[*it, False, first_lines.get(it.number)] for it in files]
        )
        counted = self._db.all(COUNT.format(first=first, numbers=numbers))
        return [self._counted(*row) for row in counted]

    def keeps_order(self, files: Sequence[BatchFile], statement: str) -> bool:
        """Tell whether the rows of a statement are inserted in their order.

        The engine decides that for each plan; a join, for one, loses it.
        """
        with self._db.in_order():
            plan = self._db.plan(self._insertion(files, statement))
        return plan == ORDERED

    def forget(self, number: int) -> None:
        """Take a file back, as if it had not been loaded."""
        self._db.run(FORGET.format(number=number))

    def violations(self) -> Iterator[tuple[int, Iterator[Violation]]]:
        """Yield the number of each file, and why rows of it are not in the table.

        Files and rows come in their order.
        """
        found = self._db.each(VIOLATIONS)
        for number, rows in itertools.groupby(found, key=itemgetter(0)):
            yield number, (Violation(*row[1:]) for row in rows)

    def reasons(self) -> dict[int, dict[str, int]]:
        """Return how often each column broke the contract, by file and reason."""
        found: dict[int, dict[str, int]] = {}
        for number, column, reason, count in self._db.all(REASONS):
            name = f"{column}: {reason}" if column else reason
            found.setdefault(number, {})[name] = count
        return found

    def reject(self, numbers: Iterable[int]) -> None:
        """Leave whole files out; what the table has of them stays."""
        self._db.run_many(REJECT, [[number] for number in numbers])

    def key_bounds(self) -> list[tuple[Any, Any]]:
        """Return the least and greatest value of each key column."""
        if not self._layout.key:
            return []
        bounds = ", ".join(
            f"min({sql.name(it)}), max({sql.name(it)})" for it in self._layout.key
        )
        row = self._db.all(KEY_RANGE.format(bounds=bounds))[0]
        return list(zip(row[::2], row[1::2], strict=True))

    def partitions(self) -> set[tuple[str | None, ...]]:
        """Return the partitions of the new rows, their values as text."""
        columns = ", ".join(f"{sql.name(it)}::VARCHAR" for it in self._layout.partition)
        return set(self._db.all(PARTITIONS.format(columns=columns)))

    def find(self, stored: Sequence[StoredFile]) -> set[int]:
        """Find the rows of the table that the new ones meet.

        :param stored: files of the table that may hold such rows.
        :returns: the numbers of those that do.
        """
        layout = self._layout
        self._add_stored(stored)
        columns = [*layout.key, *(name for name, _ in layout.order)]
        self._db.run(
            FIND_STORED.format(
                paths=_list(it.path for it in stored),
                narrow="".join(f", {self._stored(it)}" for it in columns),
                same_key=self._same_key() if layout.key else "false",
            )
        )
        return {number for (number,) in self._db.all(FOUND)}

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
        self._db.run(UNCOVERED.format(columns=columns, replaced=REPLACED))
        return int(self._db.all(UNCOVERED_COUNT)[0][0])

    def recall(self, files: Sequence[BatchFile], statement: str) -> None:
        """Read those rows of other objects that may return.

        :param files: of objects that have rows which are not in the table.
        """
        self._db.run_many(ADD_FILE, [[*it, True, None] for it in files])
        same = " AND ".join(
            f"u.{name} IS NOT DISTINCT FROM t.{sql.name(column)}"
            for name, column in zip(self._key_names(), self._layout.key, strict=True)
        )
        elsewhere = self._elsewhere()
        # The statement numbers the records as it reads them.
        with self._db.in_order():
            ((recalled,),) = self._db.all(
                RECALL.format(statement=statement, elsewhere=elsewhere, same_key=same)
            )
        self._loaded += recalled

    def compete_again(self) -> None:
        """Find the newest row of every key among those that are left."""
        self._place("NOT s.replaced")

    def settle(self) -> tuple[dict[int, int], dict[int, int]]:
        """Return how many rows win by bronze file, and how many go by stored file."""
        self._db.run(DELETED.format(stored=STORED))
        won = self._db.all(WON.format(new=NEW))
        return dict(won), dict(self._db.all(DELETED_FILES))

    def write(self, folder: Path, name: str, rewritten: Sequence[str]) -> list[Written]:
        """Write the rows that won, with those that stay of the files they replace.

        :param folder: receives the files, which is a layout of partitions.
        :param name: what file names begin with.
        :param rewritten: paths of the stored files that lose rows.
        """
        steps = self._db.steps()
        size = -(-self._loaded // steps)
        folder.mkdir()
        written: list[Written] = []
        for step in range(steps):
            rows = self._new_rows(step * size, (step + 1) * size)
            if kept := rewritten[step::steps]:
                rows = f"{rows} UNION ALL BY NAME {self._kept_rows(kept)}"
            written += self._db.copy(self._copy(rows, folder, name))
        return written

    def count_stored(self, paths: Sequence[str]) -> dict[str, int]:
        """Return how many rows files of the table hold, by bronze object."""
        if not paths:
            return {}
        return dict(self._db.all(STORED_COUNTS.format(paths=_list(paths))))

    def _new_rows(self, first: int, end: int) -> str:
        """Return the winners among some of the rows that were loaded."""
        columns = self._columns("g")
        return NEW_ROWS.format(columns=columns, new=NEW, first=first, end=end)

    def _kept_rows(self, paths: Sequence[str]) -> str:
        """Return the rows that stay of some stored files."""
        columns = self._stored_columns()
        return KEPT_ROWS.format(columns=columns, paths=_list(paths))

    def _copy(self, rows: str, folder: Path, name: str) -> str:
        """Return the statement that writes rows."""
        columns = ", ".join(sql.name(it) for it in self._layout.partition)
        division = (
            f"PARTITION_BY ({columns})"
            if columns
            else f"FILE_SIZE_BYTES {UNPARTITIONED_BYTES}"
        )
        return COPY.format(
            rows=rows,
            folder=sql.text(str(folder)),
            parquet=PARQUET,
            name=sql.text(f"{name}-{{uuid}}"),
            division=division,
        )

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
        self._db.run(RANKS)
        self._db.run(
            PLACES.format(
                # Without a key every row is one of its own.
                keys=", ".join(names) or "rank, record",
                order=order,
                new=NEW,
                stored=STORED,
                replaced=REPLACED,
                good_narrow="".join(
                    f", g.{sql.name(column)} AS {name}"
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
        return ", ".join(
            f"{table}.{sql.name(name)}" for name, _ in self._layout.columns
        )

    def _stored(self, column: str) -> str:
        """Return a column of a stored file; partitions are not in the file itself."""
        if column in self._layout.partition:
            return f"f.{sql.name(column)}::{self._types[column]}"
        return f"p.{sql.name(column)}"

    def _same_key(self) -> str:
        """Return the test whether a stored row has the key of a new one."""
        key = self._layout.key
        return SAME_KEY.format(
            key=", ".join(self._stored(it) for it in key),
            incoming_key=", ".join(f"g.{sql.name(it)}" for it in key),
        )

    def _stored_columns(self) -> str:
        """Return the columns of the silver table as stored files have them."""
        return ", ".join(
            f"{self._stored(name)} AS {sql.name(name)}"
            for name, _ in self._layout.columns
        )

    def _elsewhere(self) -> str:
        """Return whether another shard keeps a row: the hash that Python has too."""
        if self._shard is None:
            return "false"
        values = ", '/', ".join(
            f"coalesce({sql.name(it)}::VARCHAR, '')" for it in self._layout.partition
        )
        digits = f"md5(concat({values}))[:8]"
        return (
            f"('0x' || {digits})::BIGINT % {self._shard.count} <> {self._shard.index}"
        )

    def _create_tables(self) -> None:
        """Begin with empty tables."""
        partitions = "".join(
            f", {sql.name(it)} VARCHAR" for it in self._layout.partition
        )
        narrow = "".join(f", {name} {kind}" for name, kind in self._narrow_types())
        columns = ", ".join(
            f"{sql.name(name)} {kind}" for name, kind in self._layout.columns
        )
        self._db.run(
            TABLES.format(columns=columns, partitions=partitions, narrow=narrow)
        )

    def _insertion(self, files: Sequence[BatchFile], statement: str) -> str:
        """Return the statement that loads rows."""
        return LOAD.format(
            numbers=[it.number for it in files],
            paths=_list(it.path for it in files),
            elsewhere=self._elsewhere(),
            statement=statement,
        )

    def _add_stored(self, stored: Sequence[StoredFile]) -> None:
        """Name files of the table."""
        marks = ", ".join("?" for _ in range(2 + len(self._layout.partition)))
        self._db.run_many(
            ADD_STORED.format(marks=marks),
            [[it.number, it.path, *it.partition] for it in stored],
        )

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


def _list(values: Iterable[str]) -> str:
    """Return a list of text literals."""
    return f"[{sql.texts(values)}]"
