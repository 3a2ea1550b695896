"""Agencies in a real PostgreSQL, each with as many attachments as its id says."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
import os
from typing import Any

from data_pipeline.tests.integration.place import FOREIGN, migrated, RUN
from data_pipeline.tests.performance.copies.endpoint import (
    DESTINATION,
    Endpoint,
    SOURCE,
)
from etl_core.config import DatabaseSettings
from etl_core.database import DatabaseClient
from etl_core.testing.postgres import postgres_server, variables

DOCUMENTS = 1000
# The agencies share no id; a fresh one begins behind all that are there.
INSERT = """
    WITH
        behind AS (SELECT coalesce(max(id), 0) AS last FROM attachment),
        folders AS (SELECT coalesce(max(id), 0) AS last FROM user_document),
        new_agency AS (
            INSERT INTO agency (id, name) VALUES (%(rows)s, 'Agency')
        ),
        new_users AS (
            INSERT INTO app_user (id, agency_id, email, full_name)
            SELECT last + each, %(rows)s, last + each || '@example', 'A'
            FROM folders, generate_series(1, %(documents)s) AS each
        ),
        new_documents AS (
            INSERT INTO user_document (id, agency_id, user_id, title)
            SELECT last + each, %(rows)s, last + each, 'Document'
            FROM folders, generate_series(1, %(documents)s) AS each
        )
    INSERT INTO attachment (
        id, document_id, user_id, agency_id, bucket, object_key, file_name,
        content_type, size_bytes, status
    )
    SELECT
        behind.last + each,
        folders.last + 1 + mod(each, %(documents)s),
        folders.last + 1 + mod(each, %(documents)s),
        %(rows)s,
        %(bucket)s,
        'in/' || each,
        'file ' || each || '.txt',
        'text/plain',
        %(size)s,
        'stored'
    FROM behind, folders, generate_series(1, %(rows)s) AS each
"""


class Rows:
    """The rows that jobs read.

    :param settings: of the database.
    """

    def __init__(self, settings: DatabaseSettings) -> None:
        """Have no agency yet."""
        self._settings = settings
        self._agencies: set[int] = set()

    def have(self, agency: int, size: int) -> None:
        """Have an agency with as many attachments as its id says.

        :param size: of each, in bytes.
        """
        if agency in self._agencies:
            return
        facts = {"rows": agency, "documents": DOCUMENTS, "bucket": SOURCE, "size": size}
        patient = self._settings.model_copy(update={"statement_timeout_seconds": 3600})
        with DatabaseClient(patient) as database:
            database.execute_query(INSERT, facts)
            database.execute_query("ANALYZE attachment")
        self._agencies.add(agency)

    def version(self) -> str:
        """Return the version of the server."""
        with DatabaseClient(self._settings) as database:
            [row] = database.execute_query("SHOW server_version")
        return str(row["server_version"]).split()[0]

    def environment(self) -> dict[str, str]:
        """Return the variables of a job."""
        return variables(self._settings)


@contextmanager
def rows() -> Iterator[Rows]:
    """Have a database of one's own until the end of the block."""
    server = postgres_server()
    settings = server.fresh_database(migrated().name)
    try:
        yield Rows(settings)
    finally:
        server.drop_database(settings)


def job(agency: int, concurrency: int, *options: str) -> list[str]:
    """Return the command of the whole job, as it is started in production."""
    return [
        *RUN,
        f"--agency-id={agency}",
        f"--source-bucket={SOURCE}",
        f"--destination-bucket={DESTINATION}",
        f"--concurrency={concurrency}",
        "--output=json",
        *options,
    ]


def environment(rows: Rows, server: Endpoint) -> dict[str, str]:
    """Return all variables of a process that is measured, none of a developer's."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith((*FOREIGN, "COVERAGE_"))
    }
    return {
        **inherited,
        **rows.environment(),
        **server.environment(),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def succeeded(result: Mapping[str, Any], agency: int) -> bool:
    """Tell whether a job has accounted for all rows of an agency."""
    there = result["done"] + result["unchanged"]
    return bool(result["listed"] == agency == there)
