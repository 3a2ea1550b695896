"""The small world of ``compact_silver``: many small files, and a log to shorten."""

from data_pipeline.jobs import bronze_to_silver, compact_silver
from data_pipeline.services import ServiceHandler
from data_pipeline.tests.silver_stand import LINES_CONTRACT, table_content
from etl_core.s3.client import S3Client
from etl_core.testing.s3 import S3Server
from etl_core.testing.worlds import Clients, Place, Starter, World

COMMITS = 10
ORPHAN = "table/region=n/part-20260101T000000-orphan.parquet"
BEFORE: dict[str, bytes] = {}


def prepare(place: Place, s3: S3Server) -> None:
    """Keep a table of many commits, with a file that none of them names."""
    BEFORE.clear()
    writer = World(
        bronze_to_silver.entrypoint, bronze_arguments, services, ("bronze", "silver")
    )
    buckets = {name: s3.fresh_bucket() for name in writer.changed}
    made = place._replace(buckets=buckets)
    for number in range(COMMITS):
        body = f"id,region,seq,v\n{number},n,1,x\n{number},s,1,x\n".encode()
        s3.client.put_object(Bucket=buckets["bronze"], Key=f"in/{number}", Body=body)
        Starter(writer, s3.settings).start(made)
    listed = s3.client.list_objects_v2(Bucket=buckets["silver"], Prefix="table/")
    for found in listed["Contents"]:
        read = s3.client.get_object(Bucket=buckets["silver"], Key=found["Key"])
        BEFORE[found["Key"]] = read["Body"].read()
    BEFORE[ORPHAN] = b"no commit names it"
    for bucket in buckets.values():
        s3.remove_bucket(bucket)


def seed(place: Place, s3: S3Server) -> None:
    """Put the table there."""
    for key, body in BEFORE.items():
        s3.client.put_object(Bucket=place.buckets["silver"], Key=key, Body=body)


def bronze_arguments(place: Place) -> list[str]:
    """Return what the job that makes the table is started with."""
    return [
        f"--contract={LINES_CONTRACT}",
        f"--source=s3://{place.buckets['bronze']}/in/",
        f"--destination=s3://{place.buckets['silver']}/table/",
    ]


def arguments(place: Place) -> list[str]:
    """Return what the job is started with."""
    return [f"--destination=s3://{place.buckets['silver']}/table/"]


def services(clients: Clients) -> ServiceHandler:
    """Return services that count and can die."""
    return ServiceHandler(clients.store, None, clients.calls, clients.lease)


def compared(key: str) -> bool:
    """Tell what must come out byte by byte from the files and the log of the table."""
    return "/_receipts/" in key or key == ORPHAN


def contents(place: Place, s3: S3Server) -> dict[str, bytes]:
    """Return the rows that a reader of the table finds, and its number of files."""
    store = S3Client(lambda: s3.client)
    bucket = place.buckets["silver"]
    return {"table": table_content(store, bucket, "table/")}


WORLD = World(
    entrypoint=compact_silver.entrypoint,
    arguments=arguments,
    services=services,
    changed=("silver",),
    prepare=prepare,
    seed=seed,
    compared=compared,
    contents=contents,
)
