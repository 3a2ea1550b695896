"""A silver table in a small place, with bronze files of plain lines."""

from collections.abc import Sequence
import json
from pathlib import Path
import tempfile
from typing import Any, NamedTuple

import duckdb

from data_pipeline.bronze.files import FileRefused
from data_pipeline.config.bronze_to_silver import BronzeToSilverConfig
from data_pipeline.processors.bronze_to_silver import BronzeToSilver
from data_pipeline.repositories.silver import Layout
from data_pipeline.silver.assembly import open_table, SilverAssembly
from data_pipeline.silver.files import Snapshot
from data_pipeline.silver.table import Dataset
from etl_core.calls import CallCounter, CallHook, direct
from etl_core.options import RunOptions
from etl_core.runs.runner import Runner
from etl_core.s3.store import ObjectRef, ObjectStore
from etl_core.testing.store import FakeStore
from etl_core.testing.worlds import virtual_lease

CONTRACTS = Path(__file__).parent / "contracts"
LINES_CONTRACT = CONTRACTS / "lines.yaml"
ORDERS_CONTRACT = CONTRACTS / "orders.yaml"
SOURCE = ObjectRef("bronze", "in/")
PLACE = ObjectRef("silver", "table/")
COLUMNS = (
    ("id", "VARCHAR"),
    ("region", "VARCHAR"),
    ("seq", "BIGINT"),
    ("v", "VARCHAR"),
)
SPEC = "{'id': 'VARCHAR', 'region': 'VARCHAR', 'seq': 'VARCHAR', 'v': 'VARCHAR'}"
ROWS = """
SELECT nullif(id, '') AS id, nullif(region, '') AS region,
    try_cast(seq AS BIGINT) AS seq, v, filename AS _file,
    row_number() OVER (PARTITION BY filename) AS _record,
    CASE WHEN try_cast(seq AS BIGINT) IS NULL
        THEN [{{'column': 'seq', 'value': seq, 'reason': 'not a whole number'}}]
        ELSE [] END::STRUCT("column" VARCHAR, "value" VARCHAR, reason VARCHAR)[]
        AS _violations
FROM read_csv({paths}, header = false, columns = {spec}, filename = true, delim = ',',
    quote = '', escape = '', auto_detect = false)
"""


class LineFile(NamedTuple):
    """A file of lines."""

    path: str
    records: int | None = None

    @property
    def data(self) -> str:
        """What is read: the file itself."""
        return self.path


class Lines:
    """The :class:`~data_pipeline.silver.table.Bronze` of ``id,region,seq,v`` lines."""

    settings = ("SET preserve_insertion_order = true",)

    def prepare(self, path: Path) -> LineFile:
        """Refuse what begins with a null byte."""
        if path.read_bytes()[:1] == b"\0":
            raise FileRefused("binary", f"{path} is no text")
        return LineFile(str(path), path.read_bytes().count(b"\n"))

    def mend(self, file: LineFile) -> LineFile:
        """Take the reader at its word."""
        return file._replace(records=None)

    def statement(self, files: Sequence[LineFile]) -> str:
        """Return the SQL that reads the lines."""
        names = ", ".join(f"'{file.path}'" for file in files)
        return ROWS.format(paths=f"[{names}]", spec=SPEC)

    def in_order(self, files: Sequence[LineFile]) -> str:
        """Return the same: it numbers every row."""
        return self.statement(files)


def dataset(
    partition: tuple[str, ...] = ("region",),
    key: tuple[str, ...] = ("region", "id"),
    **more: object,
) -> Dataset:
    """Return what a contract of such lines would say."""
    layout = Layout(COLUMNS, key, (("seq", True),), partition)
    return Dataset("c0ffee00c0ffee00", layout, Lines(), **more)  # type: ignore[arg-type]


class SilverPlace:
    """Bronze files and a silver table in a store in memory.

    :param made: what the contract says.
    :param table_format: ``delta`` or ``parquet``.
    :param batch_bytes: of one commit.
    """

    def __init__(
        self,
        made: Dataset | None = None,
        table_format: str = "delta",
        batch_bytes: int = 1 << 30,
        hook: CallHook = direct,
    ) -> None:
        """Start with nothing."""
        self.store = FakeStore("bronze", "silver", hook=hook)
        self.dataset = made or dataset()
        self.table_format = table_format
        self.batch_bytes = batch_bytes

    def put(self, key: str, *lines: str, modified: str = "2026-01-01T00:00:00") -> None:
        """Write a bronze object of lines."""
        body = "".join(f"{line}\n" for line in lines).encode()
        self.store.seed(SOURCE._replace(key=SOURCE.key + key), body, modified=modified)

    def run(self, **options: Any) -> dict[str, Any]:  # noqa: ANN401
        """Run the job once."""
        config = BronzeToSilverConfig(
            "contract.yaml",
            SOURCE,
            PLACE,
            table_format=self.table_format,
            batch_bytes=self.batch_bytes,
            options=RunOptions(**options),
        )
        table = SilverAssembly(self.store, config, self.dataset)
        runner = Runner(
            self.store, config.options, CallCounter(), lease=virtual_lease()
        )
        return BronzeToSilver(config, table, self.store, runner).run()

    def snapshot(self) -> Snapshot:
        """Return what the table is now."""
        with tempfile.TemporaryDirectory() as folder:
            log = open_table(self.store, PLACE, self.table_format, Path(folder), [])
            return log.snapshot()

    def rows(self) -> list[tuple[Any, ...]]:
        """Return the rows of the table: its columns, then where each is from."""
        found: list[tuple[Any, ...]] = []
        with tempfile.TemporaryDirectory() as folder, duckdb.connect() as db:
            path = Path(folder) / "file.parquet"
            for file in self.snapshot().files:
                body = self.store.buckets["silver"][PLACE.key + file.key].body
                path.write_bytes(body)
                read = db.read_parquet(str(path), hive_partitioning=False)
                for row in read.fetchall():
                    values = dict(zip(read.columns, row, strict=True))
                    values.update(file.partition)
                    source = values["_source"].rpartition("/")[2]
                    wanted = (values[name] for name, _ in COLUMNS)
                    found.append((*wanted, source, values["_record"]))
        return sorted(found, key=repr)

    def receipt(self, key: str, shard: str = "all") -> dict[str, Any]:
        """Return the receipt of a bronze object."""
        place = f"{PLACE.key}_receipts/{shard}/bronze/{SOURCE.key}{key}"
        stored = self.store.buckets["silver"][place].body
        return dict(json.loads(stored))


def table_content(store: ObjectStore, bucket: str, prefix: str) -> bytes:
    """Return the rows of a Delta table in a form that can be compared."""
    found: list[tuple[Any, ...]] = []
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as db:
        log = open_table(store, ObjectRef(bucket, prefix), "delta", Path(folder), [])
        path = Path(folder) / "file.parquet"
        for file in log.snapshot().files:
            with path.open("wb+") as sink:
                store.get(ObjectRef(bucket, prefix + file.key), sink)
            read = db.read_parquet(str(path), hive_partitioning=False)
            columns = read.columns
            for row in read.fetchall():
                values = {**dict(zip(columns, row, strict=True)), **file.partition}
                values["_source"] = values["_source"].rpartition("/")[2]
                found.append(tuple(sorted(values.items())))
    return "\n".join(sorted(map(repr, found))).encode()
