"""The second act of the demo: bronze files as shops send them, to a silver table.

The files have a byte-order mark, packed bytes, decimal commas, spaces, bad values and
duplicates, and one of them is no CSV at all.
"""

from collections.abc import Callable
import gzip
from pathlib import Path
from typing import Any

from deltalake import DeltaTable
import duckdb
import report

from etl_core.testing.s3 import REGION, S3Server

CONTRACT = Path(__file__).parent / "orders.yaml"
BRONZE, SILVER = "demo-bronze", "demo-silver"
HEADER = "order_id;country;email;amount;updated_at\n"
MONDAY = HEADER + (
    "A-1;DE; Ada@Example.com ;1.299,00;2026-11-16 09:15:00\n"
    "A-2;de;bo@example.com;19,90;2026-11-16 10:02:11\n"
    "A-3;FR;not an address;7,50;2026-11-16 11:30:00\n"
    "A-4;NL;cy@example.com;n/a;2026-11-16 12:00:00\n"
)
TUESDAY = HEADER + (
    "A-2;DE;bo@example.com;24,90;2026-11-17 08:00:00\n"
    "A-5;FR;zoé@example.com;1.005,25;2026-11-17 09:41:00\n"
    "A-6;UK;dee@example.com;3,00;2026-11-17 10:00:00\n"
    "A-7;NL;eve@example.com;12,34,56;2026-11-17 10:30:00\n"
)
CORRECTED = MONDAY.replace("not an address", "fay@example.com")
FILES = {
    "orders/2026-11-16.csv": b"\xef\xbb\xbf" + MONDAY.encode(),
    "orders/2026-11-17.csv.gz": gzip.compress(TUESDAY.encode(), mtime=0),
    "orders/invoice.pdf": b"%PDF-1.7\x00\x01\x02",
}
FIRST = {"in": 8, "silver": 4, "duplicates": 1, "quarantined": 3, "elsewhere": 0}
SECOND = {"in": 4, "silver": 3, "duplicates": 1, "quarantined": 0, "elsewhere": 0}
EXPECTED = [("DE", 2, "1323.90"), ("FR", 2, "1012.75"), ("NL", 1, None)]
QUERY = """
SELECT country, count(*) AS orders, sum(amount)::VARCHAR AS amount
FROM silver GROUP BY country ORDER BY country
"""

Run = Callable[[list[str]], dict[str, Any]]


def act(s3: S3Server, run: Run) -> list[str]:
    """Fill a table twice, query it, and return what did not come out as it must.

    :param run: starts ``data-pipeline`` with arguments and returns what it printed.
    """
    for bucket in (BRONZE, SILVER):
        s3.create_bucket(bucket)
    for key, body in FILES.items():
        s3.client.put_object(Bucket=BRONZE, Key=key, Body=body)
    arguments = [
        *("run", "bronze_to_silver", "--", "--contract", str(CONTRACT)),
        *(
            "--source",
            f"s3://{BRONZE}/orders",
            "--destination",
            f"s3://{SILVER}/orders",
        ),
    ]
    first = run(arguments)["rows"]
    s3.client.put_object(
        Bucket=BRONZE, Key="orders/2026-11-16.csv", Body=CORRECTED.encode()
    )
    second = run(arguments)["rows"]
    found = query(s3)
    report.table("What the table has, asked with DuckDB", QUERY.strip(), found)
    pairs = [(FIRST, first), (SECOND, second), (EXPECTED, found)]
    return [f"{wanted} was expected, not {it}" for wanted, it in pairs if wanted != it]


def query(s3: S3Server) -> list[tuple[Any, ...]]:
    """Return what DuckDB answers about the table."""
    options = {
        "endpoint_url": s3.endpoint_url,
        "access_key_id": s3.environment["AWS_ACCESS_KEY_ID"],
        "secret_access_key": s3.environment["AWS_SECRET_ACCESS_KEY"],
        "region": REGION,
        "allow_http": "true",
    }
    table = DeltaTable(f"s3://{SILVER}/orders", storage_options=options)
    with duckdb.connect() as db:
        db.register("silver", table.scan())
        return db.execute(QUERY).fetchall()
