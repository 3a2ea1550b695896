"""Tests of deletions through :class:`etl_core.s3.client.S3Client`."""

from typing import Any
import unittest

from botocore.stub import Stubber

from etl_core.config import S3Settings
from etl_core.errors import AccessRefused, RequestRejected
from etl_core.retry import RetryPolicy
from etl_core.s3.client import create_client, S3Client
from etl_core.testing.crashpoints import CallRecorder

SETTINGS = S3Settings.from_environment(
    {"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_REGION": "us-east-1"}
)


class DeleteTest(unittest.TestCase):
    """A store whose answers are written down."""

    def setUp(self) -> None:
        """Make the client."""
        boto = create_client(SETTINGS)
        self.answers = Stubber(boto)
        self.answers.activate()
        self.recorder = CallRecorder()
        retry = RetryPolicy(attempts=3, sleep=lambda seconds: None)
        self.store = S3Client(lambda: boto, self.recorder, retry)

    def answer(self, keys: list[str], *faults: dict[str, Any]) -> None:
        """Expect one request and say which of its keys fail."""
        objects = [{"Key": key} for key in keys]
        expected = {"Bucket": "here", "Delete": {"Objects": objects, "Quiet": True}}
        self.answers.add_response(
            "delete_objects", {"Errors": list(faults)} if faults else {}, expected
        )

    def test_one_request_takes_a_thousand(self) -> None:
        """Each request passes the seam and says how many objects it is about."""
        keys = [f"k{number}" for number in range(1001)]
        self.answer(keys[:1000])
        self.answer(keys[1000:])
        self.store.delete("here", keys)
        self.answers.assert_no_pending_responses()
        self.assertEqual(
            [
                ("DeleteObjects", "1000 objects of s3://here, the first: k0"),
                ("DeleteObjects", "1 objects of s3://here, the first: k1000"),
            ],
            [call[1:] for call in self.recorder.calls],
        )

    def test_nothing_to_delete_is_no_request(self) -> None:
        """S3 would reject an empty list."""
        self.store.delete("here", [])
        self.assertEqual([], self.recorder.calls)

    def test_refused_object_is_an_error(self) -> None:
        """The answer as a whole is a success; the object in it is not."""
        self.answer(["a", "b"], {"Key": "b", "Code": "AccessDenied", "Message": "no"})
        with self.assertRaisesRegex(
            AccessRefused, "b: no; check .* grant .* s3:DeleteObject"
        ):
            self.store.delete("here", ["a", "b"])

    def test_object_that_failed_for_now_is_tried_again(self) -> None:
        """The whole request is repeated, which is harmless."""
        self.answer(["a"], {"Key": "a", "Code": "InternalError", "Message": "later"})
        self.answer(["a"])
        self.store.delete("here", ["a"])
        self.answers.assert_no_pending_responses()

    def test_object_that_failed_otherwise_is_an_error(self) -> None:
        """No failure passes for a success."""
        self.answer(["a"], {"Key": "a", "Code": "InvalidRequest", "Message": "no"})
        with self.assertRaises(RequestRejected):
            self.store.delete("here", ["a"])


if __name__ == "__main__":
    unittest.main()
