"""The client and the copies that are built on it, over a server."""

import unittest
from unittest import mock

from etl_core.errors import (
    BucketMissing,
    ObjectMissing,
    TransientError,
)
from etl_core.retry import NO_RETRY
from etl_core.s3.client import S3Client
from etl_core.s3.copies import Copier
from etl_core.s3.listing import list_objects
from etl_core.s3.steps import finish
from etl_core.s3.store import ObjectRef
from etl_core.testing.contracts import PART_BYTES
from etl_core.testing.ports import free_port, LOOPBACK
from etl_core.testing.s3 import s3_server

NOWHERE = ObjectRef("etl-test-no-such-bucket", "key")


class ServerTest(unittest.TestCase):
    """An empty bucket on a server."""

    def setUp(self) -> None:
        """Make the bucket."""
        server = self.server = s3_server()
        self.bucket = server.fresh_bucket()
        self.boto = server.create_client()
        self.store = S3Client(lambda: self.boto, retry=NO_RETRY)

    def ref(self, key: str) -> ObjectRef:
        """Return the name of an object in the bucket."""
        return ObjectRef(self.bucket, key)


class ListingTest(ServerTest):
    """More objects than one page has."""

    def test_order_of_pages(self) -> None:
        """Every object is listed once, in the order that Python gives the keys."""
        self.boto.put_object(Bucket=self.bucket, Key="k/0000", Body=b"x")
        keys = [f"k/{number:04d}" for number in range(1005)]
        keys += ["k/-", "k/_", "k/é", "k/z", "k/\U0001f4ce"]
        for key in keys[1:]:
            self.store.copy(self.ref("k/0000"), self.ref(key))
        found = [it.key for it in list_objects(self.store, self.bucket, "k/")]
        self.assertEqual(sorted(keys), found)


class CopierTest(ServerTest):
    """Copies in parts."""

    def test_large(self) -> None:
        """Content, type, metadata and tags arrive; no upload stays behind."""
        body = bytes(range(256)) * (PART_BYTES // 256) + b"end"
        self.boto.put_object(
            Bucket=self.bucket,
            Key="from",
            Body=body,
            ContentType="text/plain",
            Metadata={"a": "b"},
            Tagging="x=1",
        )
        copier = Copier(PART_BYTES, PART_BYTES)
        steps = copier.copy(self.ref("from"), self.ref("to"), len(body))
        copied = finish(self.store, steps)
        head = self.store.head(self.ref("to"))
        self.assertEqual(copied.etag, head.etag)
        self.assertEqual(
            (len(body), "text/plain", {"a": "b"}),
            (head.size, head.content_type, head.metadata),
        )
        # Ceph's gateway drops the tags that a multipart upload begins with.
        tags = {} if self.server.is_genuine else {"x": "1"}
        self.assertEqual(tags, self.store.tags(self.ref("to")))
        self.assertEqual([], self.store.uploads(self.bucket, ""))
        stored = self.boto.get_object(Bucket=self.bucket, Key="to")["Body"].read()
        self.assertEqual(body, stored)


class FaultTest(ServerTest):
    """What goes wrong, in the words of the server."""

    def test_missing(self) -> None:
        """A bucket that is missing is told from an object that is."""
        with self.assertRaises(BucketMissing):
            self.store.copy(NOWHERE, self.ref("to"))
        with self.assertRaises(ObjectMissing):
            self.store.copy(self.ref("from"), self.ref("to"))
        with self.assertRaises(BucketMissing):
            list(list_objects(self.store, NOWHERE.bucket, ""))

    def test_nobody_answers(self) -> None:
        """An endpoint where nobody listens may be back soon."""
        url = f"http://{LOOPBACK}:{free_port()}"
        environ = {**s3_server().environment, "AWS_ENDPOINT_URL": url}
        with mock.patch.dict("os.environ", environ):
            store = S3Client(retry=NO_RETRY)
            with self.assertRaisesRegex(TransientError, f"s3://{self.bucket}"):
                store.probe(self.bucket)


if __name__ == "__main__":
    unittest.main()
