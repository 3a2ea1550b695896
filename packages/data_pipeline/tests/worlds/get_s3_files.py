"""The small world of ``get_s3_files``: one attachment of every kind it can meet."""

from data_pipeline.jobs.get_s3_files import entrypoint
from data_pipeline.services import ServiceHandler
from etl_core.database import DatabaseClient
from etl_core.s3.copies import Copier
from etl_core.testing.s3 import S3Server
from etl_core.testing.worlds import Clients, Place, World
from etl_database_schema.migrate import migrate

MIB = 1024 * 1024
LARGE = 6 * MIB

ROWS = """
    INSERT INTO agency (id, name) VALUES (10, 'North');
    INSERT INTO app_user (id, agency_id, email, full_name)
        VALUES (1, 10, 'ada@example.com', 'Ada'), (12, 10, 'bo@example.com', 'Bo');
    INSERT INTO user_document (id, agency_id, user_id, title)
        VALUES (5, 10, 1, 'Report'), (50, 10, 12, 'Report');
    INSERT INTO attachment (
        id, agency_id, user_id, document_id, bucket, object_key, file_name,
        size_bytes, status
    ) VALUES
        (1, 10, 1, 5, %(source)s, 'in/plain', 'plain.txt', 5, 'stored'),
        (2, 10, 1, 5, %(source)s, 'in/empty', '', 0, 'stored'),
        (3, 10, 1, 5, %(source)s, 'in/missing', 'missing.txt', 5, 'stored'),
        (4, 10, 1, 5, %(source)s, 'in/gone', 'gone.txt', 5, 'deleted'),
        (10, 10, 12, 50, 'elsewhere', 'in/plain', 'other.txt', 5, 'stored'),
        (11, 10, 12, 50, %(source)s, 'in/n+m %% é', 'n/m é.txt', 5, 'stored'),
        (12, 10, 12, 50, %(source)s, 'in/large', 'large.bin', %(large)s, 'stored')
"""


def prepare(place: Place, s3: S3Server) -> None:
    """Write the rows and the objects that they name."""
    assert place.database is not None
    migrate(place.database)
    source = place.buckets["source"]
    with DatabaseClient(place.database) as database:
        database.execute_query(ROWS, {"source": source, "large": LARGE})
    bodies = {"in/plain": b"plain", "in/empty": b"", "in/n+m % é": b"hello"}
    for key, body in {**bodies, "in/large": b"l" * LARGE}.items():
        s3.client.put_object(
            Bucket=source,
            Key=key,
            Body=body,
            ContentType="text/plain",
            Metadata={"owner": "ada"},
            Tagging="kind=sample",
        )


def arguments(place: Place) -> list[str]:
    """Return what the job is started with."""
    return [
        "--agency-id=10",
        f"--source-bucket={place.buckets['source']}",
        f"--destination-bucket={place.buckets['destination']}",
    ]


def services(clients: Clients) -> ServiceHandler:
    """Return services in which six megabytes are a large object."""
    return ServiceHandler(
        clients.store,
        clients.database,
        clients.calls,
        clients.lease,
        Copier(single_bytes=MIB, part_bytes=5 * MIB),
    )


WORLD = World(
    entrypoint=entrypoint,
    arguments=arguments,
    services=services,
    changed=("destination",),
    kept=("source",),
    prepare=prepare,
    has_database=True,
)
