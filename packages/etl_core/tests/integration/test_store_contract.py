"""The contract of object stores over the real client and a server."""

import io
import unittest
from urllib.parse import urlencode

from etl_core.config import S3Settings
from etl_core.retry import NO_RETRY
from etl_core.s3.client import S3Client
from etl_core.s3.curl import CurlStore
from etl_core.s3.store import ObjectRef, ObjectStore
from etl_core.testing.contracts import StoreContract
from etl_core.testing.s3 import s3_server


class S3ClientContractTest(StoreContract, unittest.TestCase):
    """The emulator, or the genuine endpoint that ``ETL_TEST_S3_ENDPOINT`` names."""

    # Neither moto nor radosgw enforces it; S3 does.
    enforces_source_condition = False

    def setUp(self) -> None:
        """Make an empty bucket."""
        self.server = s3_server()
        # radosgw 16, the genuine server of continuous integration, drops the tags
        # of an upload and leaves the ETag in its answer to completing one empty.
        self.keeps_tags_of_uploads = not self.server.is_genuine
        self.names_the_completed_etag = not self.server.is_genuine
        self.bucket = self.server.fresh_bucket()
        self.boto = self.server.create_client()
        self.store: ObjectStore = S3Client(lambda: self.boto, retry=NO_RETRY)

    def seed(
        self,
        key: str,
        body: bytes = b"",
        metadata: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
    ) -> ObjectRef:
        """Put an object there with boto3."""
        self.boto.put_object(
            Bucket=self.bucket,
            Key=key,
            Body=body,
            ContentType="text/plain",
            Metadata=metadata or {},
            Tagging=urlencode(tags or {}),
        )
        return self.ref(key)


class CurlStoreContractTest(S3ClientContractTest):
    """The same over libcurl."""

    def setUp(self) -> None:
        """Take the other client."""
        super().setUp()
        settings = S3Settings.from_environment(self.server.environment)
        self.store = CurlStore(settings, retry=NO_RETRY)


class VersionedTest(unittest.TestCase):
    """A bucket that keeps versions."""

    def test_copy_names_the_version_of_its_source(self) -> None:
        """The answer to a copy says which version was copied."""
        server = s3_server()
        if server.is_genuine:
            self.skipTest("radosgw 16 does not say which version it copied")
        bucket = server.fresh_bucket(versioned=True)
        store = S3Client(server.create_client, retry=NO_RETRY)
        source = ObjectRef(bucket, "key")
        store.put(source, io.BytesIO(b"old"))
        store.put(source, io.BytesIO(b"new"))
        version = store.head(source).version
        self.assertTrue(version)
        copied = store.copy(source, ObjectRef(bucket, "copy"))
        self.assertEqual(version, copied.source_version)


if __name__ == "__main__":
    unittest.main()
