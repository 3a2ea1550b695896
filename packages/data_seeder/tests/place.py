"""Where the job works: a database with tables, and buckets behind sockets."""

from collections.abc import Iterator
import functools
import json
import os
from pathlib import Path
import subprocess
import sys
from typing import Any, ClassVar, NamedTuple, TYPE_CHECKING
import unittest

from data_seeder.config.seed import SeederConfig
from data_seeder.generation.tables import Data
from data_seeder.jobs.seed import SETTINGS
from etl_core.config import DatabaseSettings
from etl_core.database import DatabaseClient
from etl_core.testing.postgres import postgres_server, variables
from etl_core.testing.s3 import s3_server, S3Server
from etl_database_schema.bootstrap import bootstrap
from etl_database_schema.migrate import migrate

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client as BotoS3Client

SCRIPT = str(Path(sys.executable).parent / "data-seeder")
RUN = (SCRIPT, "run", "seed", "--")
SECONDS = 900
# What a developer has set must not reach the job.
FOREIGN = ("AWS_", "DATABASE_", "DJANGO_", "ETL_", "JOB_", "PG")
SMALL = {"agencies": 3, "users": 60, "documents": 600, "attachments": 2000}
DIGEST = """
    SELECT md5(string_agg(row_of::text, '' ORDER BY row_of::text)) AS digest
    FROM {table} AS row_of
"""
TABLES = ("agency", "app_user", "user_document", "attachment")


class Ended(NamedTuple):
    """How a process ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def result(self) -> dict[str, Any]:
        """What it printed last: one JSON object."""
        found: dict[str, Any] = json.loads(self.stdout.splitlines()[-1])
        return found


def options(**facts: int | str | bool) -> list[str]:
    """Return the options that ask for some data, beside the small amount."""
    asked = {**SMALL, **facts}
    given = [f"--{name.replace('_', '-')}={value}" for name, value in asked.items()]
    return [each.removesuffix("=True") for each in given]


def data(**facts: Any) -> Data:  # noqa: ANN401
    """Return the data that the same options lead to."""
    return Data(SeederConfig(**{**SMALL, **facts}))


@functools.cache
def migrated() -> DatabaseSettings:
    """Return a database with all tables and no rows; tests work on copies of it."""
    bootstrap(SETTINGS)
    settings = postgres_server().fresh_database()
    migrate(settings)
    return settings


class SeedTestCase(unittest.TestCase):
    """A database and, when asked for, a bucket of its own for each test."""

    s3: ClassVar[S3Server]

    @classmethod
    def setUpClass(cls) -> None:
        """Start the servers."""
        super().setUpClass()
        cls.s3 = s3_server()
        migrated()

    def setUp(self) -> None:
        """Make the database."""
        self.settings = self.database()
        self.client: BotoS3Client = self.s3.create_client()

    def database(self) -> DatabaseSettings:
        """Make a database with all tables for this test."""
        settings = postgres_server().fresh_database(migrated().name)
        self.addCleanup(postgres_server().drop_database, settings)
        return settings

    def bucket(self) -> str:
        """Create a bucket for this test."""
        name = self.s3.fresh_bucket("etl-seed")
        self.addCleanup(self.s3.remove_bucket, name)
        return name

    def environment(self, **changes: str) -> dict[str, str]:
        """Return the variables of a process that works here and nowhere else."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(FOREIGN)
        }
        own = {**variables(self.settings), **self.s3.environment}
        return {**inherited, **own, **changes}

    def start(self, *argv: str, **changes: str) -> Ended:
        """Run the job in a process of its own until it ends."""
        done = subprocess.run(
            [*RUN, "--output=json", *argv],
            env=self.environment(**changes),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def seeded(self, *argv: str) -> dict[str, Any]:
        """Run the job and return what it printed."""
        ended = self.start(*argv)
        self.assertEqual(0, ended.code, ended.stderr)
        return ended.result

    def query(self, statement: str, **values: object) -> list[dict[str, Any]]:
        """Run plain SQL on the database of the test."""
        with DatabaseClient(self.settings) as client:
            return client.execute_query(statement, values)

    def digests(self) -> dict[str, str]:
        """Return a checksum of all rows of each table."""
        found = {}
        for table in TABLES:
            [row] = self.query(DIGEST.format(table=table))
            found[table] = row["digest"]
        return found

    def objects(
        self, bucket: str, prefix: str = "uploads/"
    ) -> Iterator[tuple[str, str]]:
        """Yield key and ETag of the objects of a bucket."""
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=bucket, Prefix=prefix):
            for found in page.get("Contents", ()):
                yield found["Key"], found["ETag"].strip('"')
