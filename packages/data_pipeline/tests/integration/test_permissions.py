"""The role of data_pipeline may do what its requests need, no more and no less."""

from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
import io
from pathlib import Path
import re
from typing import Any, ClassVar, TypeVar
import unittest

import yaml

from data_pipeline.tests.worlds.get_s3_files import WORLD
from etl_core.calls import Call
from etl_core.runs.state import STATE_FOLDER
from etl_core.s3 import client
from etl_core.testing.crashpoints import Crashed
from etl_core.testing.postgres import PostgresServer
from etl_core.testing.s3 import S3Server
from etl_core.testing.sweep import Stage
from etl_core.testing.worlds import Place, Starter

T = TypeVar("T")

PERMISSIONS = Path(__file__).parents[4] / "infra/data_pipeline/permissions.yaml"
# The seam names the place that is written; these read from another one too.
READ_FROM_SOURCE = frozenset({"CopyObject", "UploadPartCopy"})
# A copy is "s3://bucket/key to s3://bucket/key": the last one is written.
ONE_OBJECT = re.compile(r"(?:.* to )?s3://([^/]+)/?(.*)")
MANY_OBJECTS = re.compile(r"\d+ objects of s3://([^,]+), the first: (.*)")


class Recorder:
    """Keeps the requests, and can die before the first of some operation.

    :param operation: what it dies before.
    :param ending: how the target of the deadly request ends.
    """

    def __init__(self, operation: str = "", ending: str = "") -> None:
        """Start with none."""
        self._operation = operation
        self._ending = ending
        self._dead = False
        self.calls: list[Call] = []

    def __call__(self, call: Call, send: Callable[[], T]) -> T:
        """Keep the request and send it, or die."""
        deadly = call.operation == self._operation and call.target.endswith(
            self._ending
        )
        if self._dead or deadly:
            self._dead = True
            raise Crashed
        self.calls.append(call)
        return send()


def requests(place: Place, calls: list[Call]) -> Iterator[tuple[str, str]]:
    """Yield the place and the operation of each S3 request."""
    for call in calls:
        if call.system == "s3":
            found = MANY_OBJECTS.fullmatch(call.target)
            found = found or ONE_OBJECT.fullmatch(call.target)
            assert found, call
            yield place_of(place, found[1], found[2]), call.operation
            if call.operation in READ_FROM_SOURCE:
                yield "source", call.operation


def place_of(place: Place, bucket: str, key: str) -> str:
    """Return what permissions.yaml calls a place."""
    if bucket == place.buckets["source"]:
        return "source"
    assert bucket == place.buckets["destination"], bucket
    return "state" if key.startswith(STATE_FOLDER) else "destination"


class PermissionsTest(unittest.TestCase):
    """The small world of the job, whose calls are recorded."""

    permissions: ClassVar[dict[str, dict[str, Any]]]
    sent: ClassVar[set[tuple[str, str]]]

    @classmethod
    def setUpClass(cls) -> None:
        """Run the job with everything that makes it send further requests."""
        cls.permissions = yaml.safe_load(PERMISSIONS.read_text())
        cls.sent = set()
        quiet = redirect_stdout(io.StringIO())
        with quiet, S3Server({}) as s3, PostgresServer() as postgres:
            stage = Stage(WORLD, s3, postgres)
            starter = Starter(WORLD, s3.settings, ["--check-source"])
            for deadly in (
                ("CompleteMultipartUpload", ""),
                ("PutObject", "/manifest.csv"),
            ):
                cls.start_twice(stage.place(), starter, Recorder(*deadly))

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
        """The table has exactly the requests of the job, each at its place."""
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
