"""The small world of ``bronze_to_silver``: bronze files of every kind it can meet.

The table has rows already, of which the job corrects some, so that files are replaced
and a row comes back that an older file had.
"""

from collections.abc import Mapping

from data_pipeline.jobs.bronze_to_silver import entrypoint
from data_pipeline.services import ServiceHandler
from data_pipeline.tests.silver_stand import LINES_CONTRACT, table_content
from etl_core.s3.client import S3Client
from etl_core.testing.s3 import S3Server
from etl_core.testing.worlds import Clients, Place, Starter, World

FIRST = {
    "in/a.csv": b"id,region,seq,v\n1,n,1,old\n2,n,1,two\n3,s,1,three\n",
    "in/b.csv": b"id,region,seq,v\n1,n,5,gone\n",
}
SECOND = {
    "in/b.csv": b"id,region,seq,v\n2,n,2,newer\n",
    "in/c.csv": b"id,region,seq,v\n4,s,1,four\n4,s,2,again\n5,,1,five\n6,s,bad,six\n",
    "in/d.csv": b"\0 no text",
    "in/_SUCCESS": b"",
}
BEFORE: dict[str, bytes] = {}


def put(bucket: str, s3: S3Server, bodies: Mapping[str, bytes]) -> None:
    """Write objects."""
    for key, body in bodies.items():
        s3.client.put_object(Bucket=bucket, Key=key, Body=body)


def prepare(place: Place, s3: S3Server) -> None:
    """Keep the table of the first files, then write the second ones."""
    BEFORE.clear()
    put(place.buckets["bronze"], s3, FIRST)
    silver = s3.fresh_bucket()
    made = place._replace(buckets={**place.buckets, "silver": silver})
    Starter(WORLD, s3.settings).start(made)
    listed = s3.client.list_objects_v2(Bucket=silver, Prefix="table/")
    for found in listed["Contents"]:
        body = s3.client.get_object(Bucket=silver, Key=found["Key"])["Body"]
        BEFORE[found["Key"]] = body.read()
    s3.remove_bucket(silver)
    put(place.buckets["bronze"], s3, SECOND)


def seed(place: Place, s3: S3Server) -> None:
    """Put the table of the first files there."""
    put(place.buckets["silver"], s3, BEFORE)


def arguments(place: Place) -> list[str]:
    """Return what the job is started with."""
    return [
        f"--contract={LINES_CONTRACT}",
        f"--source=s3://{place.buckets['bronze']}/in/",
        f"--destination=s3://{place.buckets['silver']}/table/",
    ]


def services(clients: Clients) -> ServiceHandler:
    """Return services that count and can die."""
    return ServiceHandler(clients.store, None, clients.calls, clients.lease)


def compared(key: str) -> bool:
    """Tell receipts and quarantine, which come out the same, from the table."""
    return key.startswith(("table/_receipts/", "table/_quarantine/"))


def contents(place: Place, s3: S3Server) -> dict[str, bytes]:
    """Return the rows that a reader of the table finds."""
    store = S3Client(lambda: s3.client)
    return {"table": table_content(store, place.buckets["silver"], "table/")}


WORLD = World(
    entrypoint=entrypoint,
    arguments=arguments,
    services=services,
    changed=("silver",),
    kept=("bronze",),
    prepare=prepare,
    seed=seed,
    compared=compared,
    contents=contents,
)
