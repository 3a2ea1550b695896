"""The role of data_pipeline may do what its requests need, no more and no less."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
import io
from pathlib import Path
import re
from typing import Any, ClassVar
import unittest

import yaml

from data_pipeline.tests.worlds import bronze_to_silver, compact_silver, get_s3_files
from etl_core.calls import AroundHook, Call
from etl_core.runs.state import STATE_FOLDER
from etl_core.s3 import client
from etl_core.testing.crashpoints import Crashed
from etl_core.testing.postgres import PostgresServer
from etl_core.testing.s3 import S3Server
from etl_core.testing.sweep import Stage
from etl_core.testing.worlds import Place, Starter

PERMISSIONS = Path(__file__).parents[4] / "infra/data_pipeline/permissions.yaml"
# The seam names the place that is written; these read from another one too.
READ_FROM_SOURCE = frozenset({"CopyObject", "UploadPartCopy"})
# A copy is "s3://bucket/key to s3://bucket/key": the last one is written.
# What the worlds call the buckets that a job only reads.
READ = frozenset({"source", "bronze"})
ONE_OBJECT = re.compile(r"(?:.* to )?s3://([^/]+)/?(.*)")
MANY_OBJECTS = re.compile(r"\d+ objects of s3://([^,]+), the first: (.*)")


class Recorder(AroundHook):
    """Keeps the requests, and can die before the first of some operation.

    :param operation: what it dies before.
    :param ending: how the target of the deadly request ends.
    """

    def __init__(self, operation: str = "", ending: str = "") -> None:
        """Start with none."""
        super().__init__()
        self._operation = operation
        self._ending = ending
        self._dead = False
        self.calls: list[Call] = []

    def around(self, call: Call) -> AbstractContextManager[None]:
        """Keep the request, or die."""
        deadly = call.operation == self._operation and call.target.endswith(
            self._ending
        )
        if self._dead or deadly:
            self._dead = True
            raise Crashed
        self.calls.append(call)
        return nullcontext()


def requests(place: Place, calls: list[Call]) -> Iterator[tuple[str, str]]:
    """Yield the place and the operation of each S3 request."""
    for call in calls:
        if call.system == "s3":
            found = MANY_OBJECTS.fullmatch(call.target)
            found = found or ONE_OBJECT.fullmatch(call.target)
            assert found, call
            if found[1] not in place.buckets.values():
                continue  # of a stage before this one, whose last request came late
            yield place_of(place, found[1], found[2]), call.operation
            if call.operation in READ_FROM_SOURCE:
                yield "source", call.operation


def place_of(place: Place, bucket: str, key: str) -> str:
    """Return what permissions.yaml calls a place."""
    name = {ref: name for name, ref in place.buckets.items()}[bucket]
    if name in READ:
        return "source"
    return "state" if key.startswith(STATE_FOLDER) else "destination"


class PermissionsTest(unittest.TestCase):
    """The small worlds of the jobs, whose calls are recorded."""

    permissions: ClassVar[dict[str, dict[str, Any]]]
    sent: ClassVar[set[tuple[str, str]]]

    @classmethod
    def setUpClass(cls) -> None:
        """Run the job with everything that makes it send further requests."""
        cls.permissions = yaml.safe_load(PERMISSIONS.read_text())
        cls.sent = set()
        quiet = redirect_stdout(io.StringIO())
        with quiet, S3Server({}) as s3, PostgresServer() as postgres:
            stage = Stage(get_s3_files.WORLD, s3, postgres)
            starter = Starter(get_s3_files.WORLD, s3.settings, ["--check-source"])
            for deadly in (
                ("CompleteMultipartUpload", ""),
                ("PutObject", "/manifest.csv"),
            ):
                cls.start_twice(stage.place(), starter, Recorder(*deadly))
            for world in (bronze_to_silver.WORLD, compact_silver.WORLD):
                stage, starter = Stage(world, s3, None), Starter(world, s3.settings)
                cls.start_twice(stage.place(), starter, Recorder())

    @classmethod
    def start_twice(cls, place: Place, starter: Starter, first: Recorder) -> None:
        """Die once, and let the next attempt tidy up."""
        again = Recorder()
        try:
            starter.start(place, first)
        except Crashed:
            starter.start(place, again)
        cls.sent.update(requests(place, first.calls + again.calls))

    def test_what_is_sent_is_granted_and_what_is_granted_is_sent(self) -> None:
        """The table has exactly the requests of the jobs, each at its place."""
        table = {
            (place, operation)
            for place, operations in self.permissions.items()
            for operation in operations
        }
        self.assertEqual(sorted(self.sent), sorted(table))

    def test_the_seam_sends_nothing_else(self) -> None:
        """Every operation of the client is somewhere in the table."""
        source = Path(client.__file__).read_text()
        operations = set(re.findall(r'_call\(\s*"(\w+)"', source))
        granted = {name for each in self.permissions.values() for name in each}
        self.assertEqual(operations, granted)


if __name__ == "__main__":
    unittest.main()
