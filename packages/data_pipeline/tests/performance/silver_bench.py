"""Engines that make the same silver table of the same file, each in its own process.

``python -m data_pipeline.tests.performance.silver_bench ENGINE CSV FOLDER`` runs one of
them and prints seconds and peak memory as JSON. Engines that are not installed are left
out by whoever starts it.
"""

from collections.abc import Callable, Mapping, Sequence
import contextlib
import importlib
import io
import itertools
import json
import os
from pathlib import Path
import resource
import shutil
import subprocess
import sys
import time
from typing import Any, BinaryIO

import duckdb

from data_pipeline.contracts.reading import read_contract
from data_pipeline.jobs.bronze_to_silver import entrypoint
from data_pipeline.services import ServiceHandler
from data_pipeline.silver.contract import ContractBronze
from data_pipeline.tests.performance.copies.endpoint import DESTINATION, SOURCE
from data_pipeline.tests.silver_stand import ORDERS_CONTRACT
from etl_core.errors import ConditionFailed, ObjectMissing
from etl_core.s3.engines import open_store
from etl_core.s3.store import ListedObject, ListPage, ObjectHead, ObjectRef, Upload

MODULE = "data_pipeline.tests.performance.silver_bench"
MEMORY = "4GB"
SMALL_MEMORY = "256MB"
COLUMNS = (
    *("order_id", "customer", "email", "updated_at", "ordered_on", "amount"),
    *("quantity", "region", "status", "note", "gift", "url"),
)
GENERATE = """
COPY (SELECT
    'C' || lpad((hash(i) % ({rows} * 4 // 5))::VARCHAR, 10, '0') AS order_id,
    'cust-' || (hash(i * 7) % 200000)::VARCHAR AS customer,
    'user' || (hash(i * 7) % 200000)::VARCHAR || '@example.com' AS email,
    strftime(TIMESTAMP '2026-01-01'
        + INTERVAL (hash(i * 13) % 31536000) SECOND, '%Y-%m-%d %H:%M:%S') AS updated_at,
    strftime(DATE '2026-01-01' + (hash(i * 17) % 365)::INTEGER, '%Y-%m-%d')
        AS ordered_on,
    CASE WHEN i % 100000 = 7 THEN 'n/a'
        ELSE ((hash(i * 19) % 1000000) / 100.0)::DECIMAL(12, 2)::VARCHAR END AS amount,
    (hash(i * 23) % 100)::VARCHAR AS quantity,
    ['north', 'south', 'east', 'west', 'centre', 'coast', 'hills', 'isles']
        [1 + (hash(hash(i) % ({rows} * 4 // 5)) % 8)::INTEGER] AS region,
    ['open', 'paid', 'sent', 'done'][1 + (hash(i * 29) % 4)::INTEGER] AS status,
    CASE WHEN hash(i * 31) % 20 = 0 THEN '' ELSE 'note ' || hash(i * 37)::VARCHAR END
        AS note,
    (hash(i * 41) % 2 = 0)::VARCHAR AS gift,
    'https://shop.example.com/o/' || (hash(i) % ({rows} * 4 // 5))::VARCHAR
        || '/' || (hash(i * 43) % 100000)::VARCHAR AS url
    FROM range({first}, {last}) AS t(i)) TO '{path}' (HEADER)
"""
BARE = """
CREATE TABLE typed AS
SELECT trim(order_id) AS order_id, trim(customer) AS customer,
    lower(trim(email)) AS email, try_cast(updated_at AS TIMESTAMP) AS updated_at,
    try_cast(ordered_on AS DATE) AS ordered_on,
    try_cast(amount AS DECIMAL(12, 2)) AS amount,
    try_cast(quantity AS INTEGER) AS quantity, region, status,
    nullif(note, '') AS note, try_cast(gift AS BOOLEAN) AS gift, url,
    list_filter([
        CASE WHEN try_cast(updated_at AS TIMESTAMP) IS NULL THEN 'updated_at' END,
        CASE WHEN ordered_on <> '' AND try_cast(ordered_on AS DATE) IS NULL
            THEN 'ordered_on' END,
        CASE WHEN amount <> '' AND try_cast(amount AS DECIMAL(12, 2)) IS NULL
            THEN 'amount' END,
        CASE WHEN quantity <> '' AND try_cast(quantity AS INTEGER) IS NULL
            THEN 'quantity' END
    ], lambda each: each IS NOT NULL) AS faults
FROM read_csv({files}, header = true, auto_detect = false, delim = ',', quote = '"',
    escape = '"', columns = {columns})
"""
REJECTS = "COPY (FROM typed WHERE len({faults}) > 0) TO '{folder}/rejects.parquet'"
WINNERS = """
COPY (SELECT * EXCLUDE ({faults}) FROM typed WHERE len({faults}) = 0
    QUALIFY row_number() OVER (PARTITION BY order_id, region ORDER BY updated_at DESC)
        - 1 = 0
) TO '{folder}/silver' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (region))
"""


class DirectoryStore:
    """As much of an object store as the job needs, on the local disk.

    :param folder: holds the buckets.
    """

    def __init__(self, folder: Path) -> None:
        """Keep the folder."""
        self._folder = folder

    def probe(self, bucket: str) -> None:
        """Make the bucket."""
        (self._folder / bucket).mkdir(exist_ok=True)

    def list_page(self, bucket: str, prefix: str, token: str | None = None) -> ListPage:
        """Return all objects."""
        root = self._folder / bucket
        paths = (path for path in root.rglob("*") if path.is_file())
        keys = sorted(path.relative_to(root).as_posix() for path in paths)
        found = [key for key in keys if key.startswith(prefix)]
        return ListPage(tuple(self._listed(bucket, key) for key in found), None)

    def get(self, ref: ObjectRef, sink: BinaryIO) -> ObjectHead:
        """Copy a file."""
        path = self._path(ref)
        if not path.is_file():
            raise ObjectMissing(f"not found: {ref.url}")
        with path.open("rb") as body:
            shutil.copyfileobj(body, sink, 1 << 20)
        listed = self._listed(*ref)
        return ObjectHead(listed.etag, listed.size)

    def put(
        self, ref: ObjectRef, body: BinaryIO, *, if_match: str | None = None
    ) -> str:
        """Write a file; only the condition that nothing is there is known."""
        path = self._path(ref)
        if if_match == "" and path.exists():
            raise ConditionFailed(ref.url)
        path.parent.mkdir(parents=True, exist_ok=True)
        body.seek(0)
        with path.open("wb") as sink:
            shutil.copyfileobj(body, sink, 1 << 20)
        return self._listed(*ref).etag

    def uploads(self, bucket: str, prefix: str) -> list[Upload]:
        """Return none."""
        return []

    def _listed(self, bucket: str, key: str) -> ListedObject:
        """Return a file as a listing shows it."""
        facts = self._path(ObjectRef(bucket, key)).stat()
        return ListedObject(key, f"{facts.st_mtime_ns:x}", facts.st_size, "")

    def _path(self, ref: ObjectRef) -> Path:
        """Return the file of an object."""
        return self._folder / ref.bucket / ref.key


def generate(folder: Path, rows: int, files: int = 1) -> None:
    """Write the orders, as so many CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    bounds = [rows * number // files for number in range(files + 1)]
    with duckdb.connect() as db:
        for number, (first, last) in enumerate(itertools.pairwise(bounds)):
            path = folder / f"orders-{number:03d}.csv"
            db.execute(GENERATE.format(rows=rows, first=first, last=last, path=path))


def job(files: Sequence[Path], folder: Path) -> None:
    """Run the whole job: lease, plan, batch, commit, ledger, close."""
    store = DirectoryStore(files[0].parents[2])
    start(store, "bronze", "silver", MEMORY)


def s3(files: Sequence[Path], folder: Path) -> None:
    """Run the whole job from one bucket to another, as the environment says."""
    start(open_store(concurrency=32), SOURCE, DESTINATION, MEMORY)


def small(files: Sequence[Path], folder: Path) -> None:
    """Run the whole job with little memory."""
    store = DirectoryStore(files[0].parents[2])
    start(store, "bronze", "silver", SMALL_MEMORY)


def start(store: Any, bronze: str, silver: str, memory: str) -> dict[str, Any]:  # noqa: ANN401
    """Start the job on any store; return what it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        entrypoint(
            [
                f"--contract={ORDERS_CONTRACT}",
                f"--source=s3://{bronze}/orders/",
                f"--destination=s3://{silver}/orders/",
                f"--memory-limit={memory}",
                "--output=json",
            ],
            ServiceHandler(store),
        )
    result: dict[str, Any] = json.loads(printed.getvalue())
    return result


def bare(files: Sequence[Path], folder: Path) -> None:
    """Run SQL that somebody would write by hand."""
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in COLUMNS)
    names = list(map(str, files))
    _in_duckdb(BARE.format(files=names, columns=f"{{{columns}}}"), "faults", folder)


def compiled(files: Sequence[Path], folder: Path) -> None:
    """Run the SQL of the contract by hand, with the same output."""
    bronze = ContractBronze(read_contract(str(ORDERS_CONTRACT)))
    statement = bronze.statement([bronze.prepare(path) for path in files])
    _in_duckdb(f"CREATE TABLE typed AS {statement}", "_violations", folder)


def _in_duckdb(statement: str, faults: str, folder: Path) -> None:
    """Load, write what is rejected, write what wins."""
    config: dict[str, Any] = {
        "memory_limit": MEMORY,
        "preserve_insertion_order": False,
    }
    with duckdb.connect(config=config) as db:
        db.execute(statement)
        db.execute(REJECTS.format(folder=folder, faults=faults))
        db.execute(WINNERS.format(folder=folder, faults=faults))


def polars(files: Sequence[Path], folder: Path) -> None:
    """Do it in Polars, lazily and streaming."""
    pl = importlib.import_module("polars")
    raw = pl.scan_csv(files, infer_schema=False)
    typed = raw.with_columns(
        pl.col("email").str.strip_chars().str.to_lowercase(),
        pl.col("updated_at").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False),
        pl.col("ordered_on").str.to_date("%Y-%m-%d", strict=False),
        pl.col("amount").cast(pl.Decimal(12, 2), strict=False),
        pl.col("quantity").cast(pl.Int32, strict=False),
        pl.col("gift") == "true",
    )
    bad = pl.col("amount").is_null() | pl.col("updated_at").is_null()
    typed.filter(bad).collect(engine="streaming").write_parquet(folder / "rejects")
    good = typed.filter(~bad).sort("updated_at", descending=True)
    kept = good.unique(["order_id", "region"], keep="first", maintain_order=False)
    found = kept.collect(engine="streaming")
    for key, part in found.partition_by("region", as_dict=True).items():
        place = folder / "silver" / f"region={key[0]}"
        place.mkdir(parents=True)
        part.drop("region").write_parquet(place / "0.parquet", compression="zstd")


def pandas(files: Sequence[Path], folder: Path) -> None:
    """Do it in pandas, reading with PyArrow."""
    pd = importlib.import_module("pandas")
    frame = pd.concat([pd.read_csv(it, dtype=str, engine="pyarrow") for it in files])
    frame["email"] = frame["email"].str.strip().str.lower()
    frame["updated_at"] = pd.to_datetime(frame["updated_at"], errors="coerce")
    frame["ordered_on"] = pd.to_datetime(frame["ordered_on"], errors="coerce")
    for name in ("amount", "quantity"):
        frame[name] = pd.to_numeric(frame[name], errors="coerce")
    frame["gift"] = frame["gift"] == "true"
    bad = frame["amount"].isna() | frame["updated_at"].isna()
    frame[bad].to_parquet(folder / "rejects.parquet")
    good = frame[~bad].sort_values("updated_at")
    kept = good.drop_duplicates(["order_id", "region"], keep="last")
    kept.to_parquet(folder / "silver", partition_cols=["region"], compression="zstd")


def pyspark(files: Sequence[Path], folder: Path) -> None:
    """Do it in Spark, on the cores of this machine."""
    sql = importlib.import_module("pyspark.sql")
    session = sql.SparkSession.builder.master("local[2]").getOrCreate()
    session.conf.set("spark.sql.ansi.enabled", "false")
    raw = session.read.csv([str(it) for it in files], header=True)
    raw.createOrReplaceTempView("raw")
    typed = session.sql(
        "SELECT order_id, customer, lower(trim(email)) email, url, region, status,"
        " to_timestamp(updated_at) updated_at, to_date(ordered_on) ordered_on,"
        " cast(amount AS decimal(12, 2)) amount, cast(quantity AS int) quantity,"
        " note, cast(gift AS boolean) gift FROM raw"
    )
    bad = "amount IS NULL OR updated_at IS NULL"
    typed.filter(bad).write.parquet(str(folder / "rejects"))
    typed.filter(f"NOT ({bad})").createOrReplaceTempView("good")
    kept = session.sql(
        "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY order_id, region"
        " ORDER BY updated_at DESC) AS place FROM good) WHERE place = 1"
    ).drop("place")
    silver = kept.write.partitionBy("region").option("compression", "zstd")
    silver.parquet(str(folder / "silver"))


ENGINES: dict[str, Callable[[Sequence[Path], Path], None]] = {
    each.__name__: each
    for each in (job, small, s3, bare, compiled, polars, pandas, pyspark)
}


def measure(
    engine: str, source: Path, folder: Path, environ: Mapping[str, str] | None = None
) -> dict[str, float] | None:
    """Run an engine in its own process; ``None`` when it is not installed."""
    if engine in {"polars", "pandas", "pyspark"}:
        try:
            importlib.import_module(engine)
        except ImportError:
            return None
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    variables = {**os.environ, **(environ or {})}
    command = [sys.executable, "-m", MODULE, engine, str(source), str(folder)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=False, env=variables
    )
    if not done.stdout:
        # One that has printed is done; threads of PyArrow may abort it after that.
        done.check_returncode()
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(argv: list[str]) -> None:
    """Run one engine, and print how it went."""
    engine, source, folder = argv[0], Path(argv[1]), Path(argv[2])
    files = sorted(source.glob("*.csv"))
    began = time.perf_counter()
    ENGINES[engine](files, folder)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    facts = {
        "seconds": round(time.perf_counter() - began, 2),
        "cpu": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mb": usage.ru_maxrss // 1024,
    }
    sys.stdout.write(json.dumps(facts) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
