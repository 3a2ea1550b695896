"""Runs over a server: copied, resumed after a real death, and one at a time."""

import json
import os
import signal
import subprocess
import sys
from typing import Any
import unittest

from etl_core.s3.client import S3Client
from etl_core.s3.store import ObjectRef
from etl_core.testing.s3 import s3_server

UNITS = 8
KILLED = -signal.SIGKILL
CHILD = """
import json
import sys
from functools import partial

from etl_core.calls import CallCounter
from etl_core.options import RunOptions
from etl_core.errors import EtlError
from etl_core.processors.copies import CopyEffect
from etl_core.processors.manifest import CsvManifest
from etl_core.runs.lease import LeaseTimes
from etl_core.runs.runner import JobParts, Runner
from etl_core.s3.client import S3Client
from etl_core.s3.copies import Copier
from etl_core.s3.store import ObjectRef
from etl_core.testing.crashpoints import crash_hook
from etl_core.tests.worlds import FakeUnits, make_spec, make_unit

source, target, count = sys.argv[1:]
calls = CallCounter(crash_hook())
store = S3Client(hook=calls)
units = [
    make_unit(number, source=ObjectRef(source, f"in/{number:03d}"))
    for number in range(1, int(count) + 1)
]
parts = JobParts(FakeUnits(units), CopyEffect(store), CsvManifest)
runner = Runner(store, RunOptions(concurrency=4), calls, lease=LeaseTimes(wait=0.0))
try:
    print(json.dumps(runner.run(make_spec(bucket=target), parts)))
except EtlError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


class RunTest(unittest.TestCase):
    """A job that copies eight objects, each start a process of its own."""

    def setUp(self) -> None:
        """Fill the source bucket."""
        self.server = s3_server()
        boto = self.server.create_client()
        self.store = S3Client(lambda: boto)
        self.source = self.server.fresh_bucket()
        self.target = self.server.fresh_bucket()
        for number in range(1, UNITS + 1):
            boto.put_object(
                Bucket=self.source, Key=f"in/{number:03d}", Body=f"{number}".encode()
            )

    def start(self, **environ: str) -> "subprocess.CompletedProcess[str]":
        """Start the job and wait for its end."""
        return subprocess.run(
            [sys.executable, "-c", CHILD, self.source, self.target, str(UNITS)],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, **self.server.environment, **environ},
        )

    def finish(self) -> dict[str, Any]:
        """Start the job and return what it prints."""
        ended = self.start()
        self.assertEqual(0, ended.returncode, ended.stderr)
        return dict(json.loads(ended.stdout))

    def assert_copied(self) -> None:
        """Compare every destination with its source."""
        for number in range(1, UNITS + 1):
            source = self.store.head(ObjectRef(self.source, f"in/{number:03d}"))
            key = f"sample/{number:03d}/file.bin"
            copied = self.store.head(ObjectRef(self.target, key))
            self.assertEqual(source[:2], copied[:2])

    def test_twice(self) -> None:
        """The first run copies everything, the second nothing."""
        self.assertEqual(UNITS, self.finish()["done"])
        self.assert_copied()
        again = self.finish()
        self.assertEqual((0, UNITS), (again["done"], again["unchanged"]))
        self.assertNotIn("CopyObject", again["requests"])

    def test_killed(self) -> None:
        """After a real SIGKILL the next start goes on at once, without any wait."""
        for number, moment in ((2, "after"), (9, "before"), (12, "after")):
            killed = self.start(ETL_CRASH_AT=f"{number}:{moment}")
            self.assertEqual(KILLED, killed.returncode, killed.stderr)
        result = self.finish()
        self.assertEqual(UNITS, result["done"])
        self.assertGreater(result["attempt"], 1)
        self.assert_copied()


if __name__ == "__main__":
    unittest.main()
