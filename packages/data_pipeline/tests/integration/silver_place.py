"""Bronze and silver buckets behind a real socket, and readers of the table."""

from collections.abc import Sequence
import json
import subprocess
from typing import Any
import unittest

from deltalake import DeltaTable

from data_pipeline.tests.integration.place import DISPATCHER
from data_pipeline.tests.silver_stand import LINES_CONTRACT, table_content
from etl_core.config import environment
from etl_core.s3.client import S3Client
from etl_core.testing.s3 import REGION, s3_server

HEADER = "id,region,seq,v\n"
SECONDS = 120


class SilverTestCase(unittest.TestCase):
    """Buckets of its own for every test."""

    def setUp(self) -> None:
        """Make the buckets."""
        self.s3 = s3_server()
        self.bronze, self.silver = (self.s3.fresh_bucket() for _ in range(2))
        for bucket in (self.bronze, self.silver):
            self.addCleanup(self.s3.remove_bucket, bucket)
        self.table = f"s3://{self.silver}/table/"

    def put(self, name: str, *lines: str) -> None:
        """Write a bronze object."""
        body = HEADER + "".join(f"{line}\n" for line in lines)
        self.s3.client.put_object(
            Bucket=self.bronze, Key=f"in/{name}", Body=body.encode()
        )

    def start(self, job: str, *more: str) -> tuple[int, dict[str, Any]]:
        """Start a job as its users do; return exit code and result."""
        return self.dispatch("run", job, "--", *more)

    def dispatch(self, *argv: str) -> tuple[int, dict[str, Any]]:
        """Run a verb as its users do; return exit code and result."""
        done = subprocess.run(
            [DISPATCHER, *argv],
            env={**environment(), **self.s3.environment},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return done.returncode, json.loads(done.stdout.splitlines()[-1])

    def fill(self, *more: str) -> tuple[int, dict[str, Any]]:
        """Start ``bronze_to_silver``."""
        return self.start(
            "bronze_to_silver",
            f"--contract={LINES_CONTRACT}",
            f"--source=s3://{self.bronze}/in/",
            f"--destination={self.table}",
            *more,
        )

    def rows(self) -> list[str]:
        """Return the rows of the table as we read it."""
        store = S3Client(lambda: self.s3.client)
        return table_content(store, self.silver, "table/").decode().splitlines()

    def delta_table(self) -> DeltaTable:
        """Open the table with Delta's own library, over its own connection."""
        options = {
            "endpoint_url": self.s3.endpoint_url,
            "access_key_id": self.s3.environment["AWS_ACCESS_KEY_ID"],
            "secret_access_key": self.s3.environment["AWS_SECRET_ACCESS_KEY"],
            "region": REGION,
            "allow_http": "true",
        }
        return DeltaTable(self.table, storage_options=options)

    def delta_rows(self, columns: Sequence[str] = ("id", "seq")) -> list[Any]:
        """Return some columns of the table as Delta's own library reads them."""
        read = self.delta_table().scan(columns=list(columns)).read_all()
        rows = read.to_struct_array().to_pylist()
        return sorted(tuple(row[name] for name in columns) for row in rows)
