"""A place for the job to work in: a database and two buckets behind sockets."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
import csv
import functools
import gzip
import io
import json
import os
from pathlib import Path
import subprocess
import sys
from typing import Any, ClassVar, NamedTuple, TYPE_CHECKING
import unittest

from data_pipeline.repositories.attachments import AttachmentFile
from data_pipeline.tests.seeds import AGENCY, attachment, SOURCE
from etl_core.config import DatabaseSettings
from etl_core.database import DatabaseClient
from etl_core.testing.postgres import postgres_server, variables
from etl_core.testing.s3 import s3_server, S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client as BotoS3Client

SCRIPTS = Path(sys.executable).parent
DISPATCHER = str(SCRIPTS / "data-pipeline")
SCRIPT = str(SCRIPTS / "data-pipeline-get-s3-files")
SEEDER = str(SCRIPTS / "data-seeder")
RUN = (DISPATCHER, "run", "get_s3_files", "--")
MIGRATE = (sys.executable, "-m", "etl_database_schema.cli.main", "migrate")
STATE = "_etl/"
DOCUMENTS = 1000
SECONDS = 900
# Runs a command and tells its peak. It is a process of its own, because a process
# counts the memory of the one that started it until it is another program.
MEASURE = """
import os, sys
pid = os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
sys.stderr.write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""
# Coverage keeps what it has seen in memory, and writes it down when a process ends:
# these variables are for a process whose memory or whose files are what is tested.
UNCOVERED = {"COVERAGE_PROCESS_START": None, "COVERAGE_PROCESS_CONFIG": None}
# What a developer has set must not reach the job.
FOREIGN = ("AWS_", "DATABASE_", "ETL_", "JOB_", "PG")

CLEAR = "TRUNCATE agency, app_user, user_document, attachment"
INSERT_PARENTS = """
    WITH
        new_agency AS (
            INSERT INTO agency (id, name)
            VALUES (%(agency_id)s, 'Agency')
            ON CONFLICT DO NOTHING
        ),
        new_user AS (
            INSERT INTO app_user (id, agency_id, email, full_name)
            VALUES (%(user_id)s, %(agency_id)s, %(user_id)s || '@example', 'A')
            ON CONFLICT DO NOTHING
        )
    INSERT INTO user_document (id, agency_id, user_id, title)
    VALUES (%(document_id)s, %(agency_id)s, %(user_id)s, 'Document')
    ON CONFLICT DO NOTHING
"""
# Documents by the thousand, a user for each, and any number of attachments.
INSERT_MANY = """
    WITH
        new_agency AS (
            INSERT INTO agency (id, name) VALUES (%(agency_id)s, 'Agency')
        ),
        new_users AS (
            INSERT INTO app_user (id, agency_id, email, full_name)
            SELECT each, %(agency_id)s, each || '@example', 'A'
            FROM generate_series(0, %(documents)s - 1) AS each
        ),
        new_documents AS (
            INSERT INTO user_document (id, agency_id, user_id, title)
            SELECT each, %(agency_id)s, each, 'Document'
            FROM generate_series(0, %(documents)s - 1) AS each
        )
    INSERT INTO attachment (
        id, document_id, user_id, agency_id, bucket, object_key, file_name,
        content_type, size_bytes, status
    )
    SELECT
        each,
        mod(each, %(documents)s),
        mod(each, %(documents)s),
        %(agency_id)s,
        %(bucket)s,
        'in/' || each,
        'file ' || each || '.txt',
        'text/plain',
        length(each::text),
        CASE WHEN each <= %(stored)s THEN 'stored' ELSE 'deleted' END
    FROM generate_series(1, %(rows)s) AS each
"""
INSERT_ATTACHMENT = """
    INSERT INTO attachment (
        id, document_id, user_id, agency_id, bucket, object_key, file_name,
        content_type, size_bytes, checksum_sha256, status, updated_at
    )
    VALUES (
        %(attachment_id)s, %(document_id)s, %(user_id)s, %(agency_id)s, %(bucket)s,
        %(object_key)s, %(file_name)s, %(content_type)s, %(size_bytes)s,
        %(checksum_sha256)s, %(status)s, %(updated_at)s
    )
"""


class Ended(NamedTuple):
    """How a process ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def result(self) -> dict[str, Any]:
        """What it printed: one JSON object and nothing else."""
        [line] = self.stdout.splitlines()
        found: dict[str, Any] = json.loads(line)
        return found

    @property
    def errors(self) -> list[str]:
        """The messages of its error lines; every line of stderr is JSON."""
        lines = [json.loads(line) for line in self.stderr.splitlines()]
        return [line["event"] for line in lines if line["level"] == "error"]


class StoredObject(NamedTuple):
    """An object as its reader gets it."""

    body: bytes
    content_type: str
    metadata: dict[str, str]


@functools.cache
def migrated() -> DatabaseSettings:
    """Return a database with all tables and no rows; tests work on copies of it."""
    settings = postgres_server().fresh_database()
    environ = {**os.environ, **variables(settings)}
    subprocess.run(MIGRATE, env=environ, check=True, capture_output=True)
    return settings


class JobTestCase(unittest.TestCase):
    """A database and two buckets of its own for each test."""

    s3: ClassVar[S3Server]

    @classmethod
    def setUpClass(cls) -> None:
        """Start the servers."""
        super().setUpClass()
        cls.s3 = s3_server()
        migrated()

    def setUp(self) -> None:
        """Make the database and the buckets."""
        self.client: BotoS3Client = self.s3.create_client()
        self.settings = postgres_server().fresh_database(migrated().name)
        self.addCleanup(postgres_server().drop_database, self.settings)
        self.database = DatabaseClient(self.settings)
        self.addCleanup(self.database.close)
        self.source, self.destination = self.bucket("in"), self.bucket("out")

    def bucket(self, prefix: str) -> str:
        """Create a bucket for this test."""
        name = self.s3.fresh_bucket(f"etl-{prefix}")
        self.addCleanup(self.s3.remove_bucket, name)
        return name

    def add(self, *files: AttachmentFile) -> None:
        """Insert rows; a bucket that was not changed is that of the test."""
        for file in files:
            bucket = self.source if file.bucket == SOURCE else file.bucket
            self.database.execute_query(INSERT_PARENTS, file._asdict())
            self.database.execute_query(
                INSERT_ATTACHMENT, file._replace(bucket=bucket)._asdict()
            )

    def store(self, number: int, body: bytes = b"content", **changes: Any) -> None:  # noqa: ANN401
        """Insert a row and put its object into the source bucket."""
        file = attachment(number, size_bytes=len(body))._replace(**changes)
        self.add(file)
        self.put(self.source, file.object_key, body, file.content_type, number)

    def remove_rows(self) -> None:
        """Remove all rows of all tables."""
        self.database.execute_query(CLEAR)

    def seed(self, rows: int, *options: str) -> float:
        """Seed one agency, the one of the tests, without odd rows.

        :param options: of the seeder, for example ``--rows-only``.
        :returns: the memory that it took, in MiB.
        """
        ended, peak = self.measure(
            [
                *(SEEDER, "run", "seed", "--", "--clean", *options),
                *("--agencies=1", "--users=1000", f"--documents={rows // 2}"),
                f"--attachments={rows}",
            ]
        )
        self.assertEqual(0, ended.code, ended.stderr)
        self.database.execute_query("ANALYZE attachment")
        return peak

    def insert_many(self, rows: int, stored: int) -> None:
        """Insert many rows; the first ones are stored."""
        facts = {"rows": rows, "stored": stored, "documents": DOCUMENTS}
        self.database.execute_query(
            INSERT_MANY, {**facts, "bucket": self.source, "agency_id": AGENCY}
        )
        self.database.execute_query("ANALYZE attachment")

    def add_many(self, rows: int, stored: int) -> None:
        """Insert many rows, and put the objects of the stored ones."""
        self.insert_many(rows, stored)
        with ThreadPoolExecutor(16) as pool:
            for _ in pool.map(self.put_number, range(1, stored + 1)):
                pass

    def put_number(self, number: int) -> None:
        """Put the object of one of many rows: its number."""
        self.put(self.source, f"in/{number}", str(number).encode(), "text/plain")

    def put(
        self, bucket: str, key: str, body: bytes, kind: str = "a/b", number: int = 0
    ) -> None:
        """Put an object with metadata that tells it apart."""
        self.client.put_object(
            Bucket=bucket,
            Key=key,
            Body=body,
            ContentType=kind,
            Metadata={"number": str(number)},
        )

    def start(self, *argv: str, **environ: str | None) -> Ended:
        """Run the job in a process of its own until it ends.

        :param argv: its options; the agency is given, the buckets are variables.
        :param environ: variables that are other than those of the place, or not set.
        """
        options = [] if "--agency-id" in argv else ["--agency-id", str(AGENCY)]
        return self.start_by([*RUN, *options, *argv], **environ)

    def start_by(self, command: Sequence[str], **environ: str | None) -> Ended:
        """Run any command among the variables of the place."""
        known = {**self.environment(), **environ}
        done = subprocess.run(
            command,
            env={name: value for name, value in known.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def measure(self, command: Sequence[str]) -> tuple[Ended, float]:
        """Run a command; tell how it ended and how much memory it took, in MiB."""
        ended = self.start_by(
            [sys.executable, "-c", MEASURE, *command],
            ETL_LOG_LEVEL="error",
            **UNCOVERED,
        )
        return ended, int(ended.stderr.splitlines()[-1]) / 1024

    def environment(self) -> dict[str, str]:
        """Return the variables of a process that works here and nowhere else."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(FOREIGN)
        }
        return {
            **inherited,
            **variables(self.settings),
            **self.s3.environment,
            "ETL_SOURCE_BUCKET": self.source,
            "ETL_DESTINATION_BUCKET": self.destination,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def run_job(self, *argv: str, code: int = 0, **environ: str) -> dict[str, Any]:
        """Run the job to the end that is expected and return what it printed."""
        ended = self.start(*argv, **environ)
        self.assertEqual(code, ended.code, ended.stderr)
        return ended.result

    def assert_counts(self, result: dict[str, Any], **expected: int) -> None:
        """The outcomes are these and no others, and they add up."""
        outcomes = dict.fromkeys(("done", "unchanged", "skipped", "quarantined"), 0)
        found = {name: result[name] for name in outcomes}
        self.assertEqual({**outcomes, **expected}, found, result["reasons"])
        self.assertEqual(sum(expected.values()), result["listed"])

    def keys(self, bucket: str, prefix: str = "") -> Iterator[str]:
        """Yield the keys below a prefix."""
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=bucket, Prefix=prefix):
            for found in page.get("Contents", ()):
                yield found["Key"]

    def read(self, bucket: str, key: str) -> bytes:
        """Return the bytes of an object."""
        return self.client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def objects(self, bucket: str, prefix: str = "") -> dict[str, StoredObject]:
        """Return all objects below a prefix, by key."""

        def fetch(key: str) -> tuple[str, StoredObject]:
            found = self.client.get_object(Bucket=bucket, Key=key)
            body = found["Body"].read()
            return key, StoredObject(body, found["ContentType"], found["Metadata"])

        with ThreadPoolExecutor(8) as pool:
            return dict(pool.map(fetch, self.keys(bucket, prefix)))

    def copies(self) -> dict[str, StoredObject]:
        """Return the destination objects of the agency, by key."""
        return self.objects(self.destination, f"agency_id={AGENCY}/")

    def lines(
        self, result: dict[str, Any], name: str = "part="
    ) -> list[dict[str, Any]]:
        """Return the lines of the ledger of a run, or of other files of its attempt."""
        bucket, _, folder = result["ledger"].removeprefix("s3://").partition("/")
        return [
            json.loads(line)
            for key in self.keys(bucket, folder + name)
            for line in gzip.decompress(self.read(bucket, key)).splitlines()
        ]

    def manifest(self, result: dict[str, Any]) -> list[dict[str, str]]:
        """Return the rows of the manifest of a run."""
        bucket, _, key = result["manifest"].removeprefix("s3://").partition("/")
        text = self.read(bucket, key).decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def written(self, bucket: str) -> str:
        """Return all text that runs have stored below their reserved prefix."""
        bodies = (self.read(bucket, key) for key in self.keys(bucket, STATE))
        return "\n".join(
            (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode()
            for body in bodies
        )
