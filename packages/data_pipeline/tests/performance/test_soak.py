"""The soak: many runs over changing sources, killed, disturbed and raced at random.

``ETL_SOAK_RUNS`` says how many runs (200 in a full soak), ``ETL_SOAK_SEED`` repeats
one. What must be there in the end comes from an oracle that knows nothing of runs.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
import hashlib
import os
import random
import subprocess
import sys
import unittest

from data_pipeline.tests.integration.place import JobTestCase, RUN
from data_pipeline.tests.seeds import AGENCY
from etl_core.database import Row
from etl_core.testing.proxy import FaultProxy, Faults

RUNS = int(os.environ.get("ETL_SOAK_RUNS", "20"))
SEED = int(os.environ.get("ETL_SOAK_SEED", "7"))
UNITS = 2000
FAULT_SHARE = 0.1
FINISHED = (0,)
STARTS = 12

REPLACE = """
    UPDATE attachment SET size_bytes = %(size)s, updated_at = clock_timestamp()
    WHERE id = ANY(%(ids)s)
"""
ADD = """
    INSERT INTO attachment (
        id, document_id, user_id, agency_id, bucket, object_key, file_name,
        content_type, size_bytes, status
    )
    SELECT
        each, document.id, document.user_id, document.agency_id, %(bucket)s,
        'uploads/' || each, 'file ' || each || '.txt', 'text/plain', %(size)s, 'stored'
    FROM unnest(%(ids)s) AS each
    JOIN user_document AS document ON document.id = 1 + mod(each, %(documents)s)
"""
KEYS = "SELECT id, object_key FROM attachment WHERE id = ANY(%(ids)s)"
REMOVE = "DELETE FROM attachment WHERE id = ANY(%(ids)s)"


class Oracle:
    """What the sources hold: the bytes of every attachment that has a row.

    :param bodies: what they hold in the beginning.
    """

    def __init__(self, chance: random.Random, bodies: dict[int, bytes]) -> None:
        """Begin."""
        self.bodies = bodies
        self.removed: set[int] = set()
        self._chance = chance
        self._last = max(bodies)

    def choose(self, share: float) -> list[int]:
        """Return some of the attachments."""
        known = sorted(self.bodies)
        return self._chance.sample(known, int(len(known) * share))

    def replace(self, ids: list[int]) -> None:
        """Give attachments other bytes."""
        for number in ids:
            self.bodies[number] = self._chance.randbytes(16)

    def add(self, count: int) -> list[int]:
        """Give birth to attachments."""
        ids = list(range(self._last + 1, self._last + count + 1))
        self._last += count
        self.replace(ids)
        return ids

    def remove(self, ids: list[int]) -> None:
        """Take the rows of attachments away."""
        self.removed.update(ids)
        for number in ids:
            del self.bodies[number]


class SoakTest(JobTestCase):
    """Two thousand seeded attachments that do not stay the same."""

    def setUp(self) -> None:
        """Seed the place and begin the oracle."""
        super().setUp()
        self.chance = random.Random(SEED)  # noqa: S311 (to be repeated, not secret)
        self.seed(UNITS)
        found = self.objects(self.source, "uploads/")
        bodies = {int(key.split("/")[1]): it.body for key, it in found.items()}
        self.oracle = Oracle(self.chance, bodies)

    def test_nothing_is_lost_or_doubled(self) -> None:
        """After every run the destination is what the oracle says."""
        kills = 0
        with FaultProxy(self.s3.endpoint_url, Faults(share=FAULT_SHARE)) as proxy:
            for number in range(1, RUNS + 1):
                self.change()
                kills += self.run_to_the_end(proxy.url)
                self.check(number)
                sys.stderr.write(f"soak: run {number} of {RUNS}, {kills} kills\n")

    def change(self) -> None:
        """Replace a tenth of the sources with their rows, add and remove a fiftieth."""
        replaced = self.oracle.choose(0.1)
        self.oracle.replace(replaced)
        self.upload(replaced)
        self.database.execute_query(REPLACE, {"ids": replaced, "size": 16})
        self.grow(UNITS // 50)
        removed = self.oracle.choose(0.02)
        self.oracle.remove(removed)
        self.database.execute_query(REMOVE, {"ids": removed})

    def grow(self, count: int) -> None:
        """Add attachments."""
        ids = self.oracle.add(count)
        new = {"ids": ids, "size": 16, "bucket": self.source, "documents": UNITS // 2}
        self.database.execute_query(ADD, new)
        self.upload(ids)

    def upload(self, ids: list[int]) -> None:
        """Write the objects of some attachments."""
        bodies = self.oracle.bodies
        rows = self.database.execute_query(KEYS, {"ids": ids})

        def put(row: Row) -> None:
            """Write one object."""
            self.put(self.source, row["object_key"], bodies[row["id"]])

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(put, rows))

    def run_to_the_end(self, url: str) -> int:
        """Start until a start is through, and return how many were killed."""
        kills = 0
        for _ in range(STARTS):
            racing = self.chance.random() < 0.3
            with self.process(url) as first:
                if racing:
                    with self.process(url) as second:
                        self.end(second, kill=False)
                killed = self.end(first, kill=self.chance.random() < 0.5)
            kills += killed
            if not killed and first.returncode in FINISHED:
                return kills
        raise self.failureException(f"no start of {STARTS} was through")

    @contextmanager
    def process(self, url: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Start the job against the disturbed endpoint."""
        command = [*RUN, "--agency-id", str(AGENCY), "--lease-wait", "1s"]
        environ = {**self.environment(), "AWS_ENDPOINT_URL": url}
        with subprocess.Popen(
            command,
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def end(self, process: "subprocess.Popen[bytes]", kill: bool) -> bool:
        """Wait for a process, or kill it at a random time; say whether it was."""
        limit = self.chance.uniform(0.5, 4.0) if kill else 300.0
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return True
        return False

    def check(self, number: int) -> None:
        """Compare the destination with the oracle, past the job."""
        bodies = self.oracle.bodies
        found: dict[int, str] = {}
        pages = self.client.get_paginator("list_objects_v2")
        prefix = f"agency_id={AGENCY}/"
        for page in pages.paginate(Bucket=self.destination, Prefix=prefix):
            for each in page.get("Contents", ()):
                attachment_id = int(each["Key"].split("/")[3].partition("=")[2])
                self.assertNotIn(attachment_id, found, f"doubled in run {number}")
                found[attachment_id] = each["ETag"].strip('"')
        expected = {
            attachment_id: hashlib.md5(body, usedforsecurity=False).hexdigest()
            for attachment_id, body in bodies.items()
        }
        there = {it: etag for it, etag in found.items() if it in expected}
        self.assertEqual(expected, there, f"lost or stale in run {number}")
        self.assertLessEqual(set(found) - set(expected), self.oracle.removed)
        uploads = self.client.list_multipart_uploads(Bucket=self.destination)
        self.assertEqual([], uploads.get("Uploads", []))
        self.assert_ledger(number)

    def assert_ledger(self, number: int) -> None:
        """The newest run is closed and its ledger has every row once."""
        shown = self.start_by(
            [RUN[0], "runs", "--json", "--limit", "1"],
        )
        self.assertEqual(0, shown.code, shown.stderr)
        [newest] = shown.result["runs"]
        self.assertEqual("closed", newest["status"], f"run {number}")
        totals, units = newest["totals"], len(self.oracle.bodies)
        self.assertEqual(units, totals["listed"], f"run {number}")
        self.assertEqual(units, totals["done"] + totals["unchanged"], f"run {number}")


if __name__ == "__main__":
    unittest.main()
