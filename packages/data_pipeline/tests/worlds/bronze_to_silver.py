"""The small world of ``bronze_to_silver``: bronze files of every kind it can meet.

The table has rows already, of which the job corrects some, so that files are replaced
and a row comes back that an older file had.
"""

from data_pipeline.jobs.bronze_to_silver import entrypoint
from data_pipeline.tests.silver_stand import StandHandler, table_content
from etl_core.s3.client import S3Client
from etl_core.testing.s3 import S3Server
from etl_core.testing.worlds import Clients, Place, Starter, World

FIRST = {
    "in/a.csv": b"1,n,1,old\n2,n,1,two\n3,s,1,three\n",
    "in/b.csv": b"1,n,5,gone\n",
}
SECOND = {
    "in/b.csv": b"2,n,2,newer\n",
    "in/c.csv": b"4,s,1,four\n4,s,2,four again\n5,,1,five\n6,s,bad,six\n",
    "in/d.csv": b"\0 no text",
    "in/_SUCCESS": b"",
}


def put(place: Place, s3: S3Server, bodies: dict[str, bytes]) -> None:
    """Write bronze objects."""
    for key, body in bodies.items():
        s3.client.put_object(Bucket=place.buckets["bronze"], Key=key, Body=body)


def seed(place: Place, s3: S3Server) -> None:
    """Make a table of the first files, then write the second ones."""
    put(place, s3, FIRST)
    Starter(WORLD, s3.client).start(place)
    put(place, s3, SECOND)


def arguments(place: Place) -> list[str]:
    """Return what the job is started with."""
    return [
        "--contract=none",
        f"--source=s3://{place.buckets['bronze']}/in/",
        f"--destination=s3://{place.buckets['silver']}/table/",
    ]


def services(clients: Clients) -> StandHandler:
    """Return services that count and can die."""
    return StandHandler(clients.store, None, clients.calls, clients.lease)


def compared(key: str) -> bool:
    """Tell receipts and quarantine, which come out the same, from the table."""
    return key.startswith(("table/_receipts/", "table/_quarantine/", "in/"))


def contents(place: Place, s3: S3Server) -> dict[str, bytes]:
    """Return the rows that a reader of the table finds."""
    store = S3Client(lambda: s3.client)
    return {"table": table_content(store, place.buckets["silver"], "table/")}


WORLD = World(
    entrypoint=entrypoint,
    arguments=arguments,
    services=services,
    changed=("bronze", "silver"),
    seed=seed,
    compared=compared,
    contents=contents,
)
