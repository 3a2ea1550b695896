"""Networks, stores, databases and disks that fail in the middle of a run."""

from collections.abc import Iterator
from contextlib import contextmanager
import json
import os
from pathlib import Path
import subprocess
import tempfile
import time
from typing import Any
import unittest
from unittest import mock

from data_pipeline.tests.integration.live import COPY, LiveTestCase
from data_pipeline.tests.integration.place import (
    Ended,
    JobTestCase,
    RUN,
    UNCOVERED,
)
from data_pipeline.tests.seeds import AGENCY
from etl_core.errors import ExitCode
from etl_core.testing.proxy import Fault, FaultProxy, Faults
from etl_core.testing.s3 import S3Server

ROWS = 5000
PAGE = 5
STARTS = 5
# No file may grow beyond this many blocks of 1,024 bytes: a disk that fills up.
LIMITED = ("/bin/bash", "-c", 'ulimit -f 8; exec "$0" "$@"')
QUICK = {"ETL_S3_RETRY_ATTEMPTS": "3", "ETL_S3_RETRY_SECONDS": "2"}


class StoreFaultsTest(LiveTestCase):
    """Attachments in a store that fails, seen through the proxy."""

    def run_until_done(self, *argv: str) -> dict[str, Any]:
        """Start the job until it is through, as Kubernetes would."""
        for _ in range(STARTS):
            ended = self.ended(self.launch(*argv))
            if ended.code == ExitCode.OK:
                return ended.result
            self.assertEqual(ExitCode.TRANSIENT, ended.code, ended.stderr)
        raise self.failureException("it never ended well")

    def assert_suffered(self, *kinds: Fault) -> None:
        """Each of these happened."""
        self.assertLessEqual(set(kinds), set(self.proxy.injected))

    def test_a_third_of_all_requests_fails(self) -> None:
        """In every way that needs no waiting, and the world is right in the end."""
        self.proxy.faults = Faults(share=0.3, seed=3)
        result = self.run_until_done("--concurrency", "4")
        self.assert_all_done(result)
        suffered = sum(self.proxy.injected.values())
        self.assertGreater(suffered, 0.2 * self.proxy.requests)
        self.assertGreater(len(self.proxy.injected), 3)
        self.proxy.faults = Faults()
        self.assert_counts(self.run_job(), unchanged=self.UNITS)

    def test_a_store_that_throttles(self) -> None:
        """Every second copy is refused with 503: they are sent again."""
        self.proxy.faults = Faults([Fault.SLOW_DOWN], share=0.5, seed=5, about=COPY)
        self.assert_all_done(self.run_until_done("--concurrency", "4"))
        self.assert_suffered(Fault.SLOW_DOWN)

    def test_a_dead_store(self) -> None:
        """The budget of retries is bounded, and the exit code is 75."""
        self.proxy.faults = Faults([Fault.SILENCE], share=1)
        began = time.monotonic()
        patient = {**QUICK, "ETL_S3_RETRY_SECONDS": "10"}
        ended = self.ended(self.launch(**patient, ETL_S3_READ_TIMEOUT_SECONDS="1"))
        self.assertLess(time.monotonic() - began, 20)
        self.assert_error(ended, ExitCode.TRANSIENT, "no answer from the store")
        self.assertEqual(3, self.proxy.requests)

    def test_a_store_that_dies_during_the_run(self) -> None:
        """It ends with 75, and the next start goes on where it was."""
        self.proxy.faults = Faults([Fault.ERROR], first=5, about=COPY)
        ended = self.ended(self.launch(**QUICK))
        self.assert_error(ended, ExitCode.TRANSIENT, "failed")
        self.assertEqual(4, len(self.copied()))
        result = self.run_job()
        self.assert_all_done(result)
        self.assertEqual(self.UNITS - 4, result["requests"]["CopyObject"])


class ListingTest(LiveTestCase):
    """Three pages of listings, of which the last one fails."""

    @classmethod
    def setUpClass(cls) -> None:
        """Start an endpoint with short pages."""
        super().setUpClass()
        with mock.patch.dict(os.environ, {"MOTO_S3_DEFAULT_MAX_KEYS": str(PAGE)}):
            cls.s3 = S3Server({})
            cls.s3.start()
        cls.addClassCleanup(cls.s3.stop)

    def bucket(self, prefix: str) -> str:
        """Create a bucket, which goes when the endpoint does."""
        return self.s3.fresh_bucket(f"etl-{prefix}")

    def test_a_listing_that_fails_is_never_shorter(self) -> None:
        """The run ends with 75 and has copied and closed nothing."""
        self.assert_all_done(self.run_job())
        state, copies = self.state(), self.copies()
        self.proxy.faults = Faults([Fault.ERROR], first=3, about="list-type=2")
        ended = self.ended(self.launch(**QUICK))
        self.assert_error(ended, ExitCode.TRANSIENT, "ListObjectsV2")
        self.assertEqual(2 + 3, self.listings())
        self.assertEqual(copies, self.copies())
        closed = [it for it in self.records() if it["status"] == "closed"]
        self.assertEqual(1, len(closed))
        self.assertLess(set(state), set(self.state()))
        self.proxy.faults = Faults()
        result = self.run_job()
        self.assert_counts(result, unchanged=self.UNITS)
        self.assertNotIn("CopyObject", result["requests"])

    def listings(self) -> int:
        """Return how many pages were asked for: two came, one was tried in vain."""
        return 2 + self.proxy.injected[Fault.ERROR]

    def records(self) -> list[dict[str, Any]]:
        """Return the records of all runs."""
        return [
            json.loads(body)
            for key, body in self.state().items()
            if key.endswith("/run.json")
        ]


class DatabaseFaultsTest(JobTestCase):
    """Rows that come in three batches, through a proxy."""

    def test_a_connection_lost_in_the_middle_of_the_rows(self) -> None:
        """Whatever breaks, the run is not green, and the next one has all rows."""
        self.add_many(ROWS, stored=0)
        target = f"tcp://{self.settings.host}:{self.settings.port}"
        for fault in (Fault.RESET, Fault.HALF_CLOSE, Fault.TRUNCATE):
            faults = Faults([fault], numbers=[2], about="FETCH")
            with self.subTest(fault), FaultProxy(target, faults) as proxy:
                ended = self.start(DATABASE_PORT=str(proxy.port))
                self.assertEqual(1, proxy.injected[fault])
                self.assertEqual(ExitCode.TRANSIENT, ended.code, ended.stderr)
                [message] = ended.errors
                self.assertRegex(message, "lost the connection|terminated|reset")
                self.assertEqual("", ended.stdout)
        self.assert_counts(self.run_job(), skipped=ROWS)


class DiskTest(JobTestCase):
    """Rows that need more room for temporary files than there is."""

    def setUp(self) -> None:
        """Add the rows, of which some are copied."""
        super().setUp()
        self.add_many(ROWS, stored=3)

    def assert_refused(self, ended: Ended, words: str) -> None:
        """A person must mend it; nothing is lost, and with room it goes on."""
        self.assertEqual((ExitCode.USAGE, ""), (ended.code, ended.stdout), ended.stderr)
        self.assertNotIn("Traceback", ended.stderr)
        [message] = ended.errors
        self.assertRegex(message, words)
        self.assert_counts(self.run_job(), done=3, skipped=ROWS - 3)

    def test_a_file_that_may_not_grow(self) -> None:
        """The message says where, and what to do."""
        command = [*LIMITED, *RUN, "--agency-id", str(AGENCY)]
        ended = self.start_by(command, **UNCOVERED)
        self.assert_refused(ended, "no room for temporary files in .*TMPDIR")

    def test_a_full_disk(self) -> None:
        """The same on a file system that is full."""
        with small_disk() as folder:
            ended = self.start(TMPDIR=folder)
            self.assertEqual([], list(Path(folder).iterdir()))
        self.assert_refused(ended, "No space left on device.*TMPDIR")

    def test_a_folder_that_cannot_be_written(self) -> None:
        """Nothing is tried in the working folder instead."""
        ended = self.start(TMPDIR="/proc/nowhere")
        self.assert_refused(ended, "TMPDIR")


@contextmanager
def small_disk() -> Iterator[str]:
    """Mount a file system of a few kilobytes, where that is allowed.

    :raises unittest.SkipTest: where it is not.
    """
    with tempfile.TemporaryDirectory() as folder:
        options = ("-t", "tmpfs", "-o", "size=32k", "tmpfs", folder)
        made = subprocess.run(("mount", *options), capture_output=True, check=False)
        if made.returncode:
            raise unittest.SkipTest(f"requires mount: {made.stderr.decode().strip()}")
        try:
            yield folder
        finally:
            subprocess.run(("umount", folder), check=True)


if __name__ == "__main__":
    unittest.main()
