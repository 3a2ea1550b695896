"""The look-alike that the bench measures on, held to what every store must do."""

from contextlib import ExitStack
import io
from pathlib import Path
import subprocess
import tempfile
from typing import ClassVar
import unittest

from data_pipeline.tests.performance.copies.endpoint import (
    can_compile,
    compiled,
    COMPILER,
    DESTINATION,
    Endpoint,
    endpoint,
    SOURCE,
)
from etl_core.config import S3Settings
from etl_core.errors import TransientError
from etl_core.retry import NO_RETRY
from etl_core.s3.curl import CurlStore
from etl_core.s3.store import ObjectRef, ObjectStore
from etl_core.testing.contracts import StoreContract

REASON = f"requires a C compiler: {COMPILER}"


class ServerTestCase(unittest.TestCase):
    """A server without latency, and our client."""

    folder: ClassVar[Path]
    server: ClassVar[Endpoint]
    store: ObjectStore

    @classmethod
    def setUpClass(cls) -> None:
        """Compile and start it."""
        super().setUpClass()
        if not can_compile():
            raise unittest.SkipTest(REASON)
        opened = ExitStack()
        cls.addClassCleanup(opened.close)
        cls.folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        cls.server = opened.enter_context(endpoint(cls.folder))

    def setUp(self) -> None:
        """Empty the buckets and forget what was counted."""
        for bucket in (SOURCE, DESTINATION):
            self.server.control("clear", bucket=bucket)
        self.server.control("set", latency_ms=0, slow_down=0)
        self.server.control("reset")
        settings = S3Settings.from_environment(self.server.environment())
        self.store = CurlStore(settings, retry=NO_RETRY)


class ServerContractTest(ServerTestCase, StoreContract):
    """It keeps no metadata and no tags, and lists no uploads.

    Nothing that is measured needs them; a client that is right elsewhere is right.
    """

    bucket = DESTINATION
    test_head = test_copy = test_copy_in_parts = test_uploads = None  # type: ignore[assignment]

    def seed(
        self,
        key: str,
        body: bytes = b"",
        metadata: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
    ) -> ObjectRef:
        """Put an object."""
        self.store.put(self.ref(key), io.BytesIO(body))
        return self.ref(key)


class ServerTest(ServerTestCase):
    """What only a server for measuring does."""

    def test_it_counts(self) -> None:
        """Every request is counted by its operation, those of control are not."""
        self.server.fill(3, 10)
        self.store.copy(ObjectRef(SOURCE, "in/3"), ObjectRef(DESTINATION, "out/3"))
        self.store.list_page(DESTINATION, "")
        found = self.server.control("stats")
        self.assertEqual({"CopyObject": 1, "ListObjectsV2": 1}, found["requests"])
        self.assertEqual((2, 1), (found["total"], self.server.count()))

    def test_it_refuses_a_share(self) -> None:
        """With every request refused, the store says that it should be slower."""
        self.server.control("set", slow_down=1)
        with self.assertRaisesRegex(TransientError, "SlowDown|503"):
            self.store.probe(SOURCE)
        self.assertEqual(1, self.server.control("stats")["slowed"])

    def test_the_floor_copies_all(self) -> None:
        """The floor client copies every object, in either way."""
        self.server.fill(50, 100)
        program = compiled("floor", self.folder)
        for task, requests in (("copy", 50), ("through", 100)):
            self.setUp()
            self.server.fill(50, 100)
            command = [program, str(self.server.port), task, "4", "50", "100"]
            subprocess.run(command, check=True)
            with self.subTest(task):
                self.assertEqual(50, self.server.count())
                self.assertEqual(requests, self.server.control("stats")["total"])


if __name__ == "__main__":
    unittest.main()
