"""Unit tests of :mod:`etl_core.testing.store`."""

from concurrent.futures import ThreadPoolExecutor
import io
import unittest

from etl_core.calls import Call
from etl_core.errors import (
    AccessRefused,
    ConditionFailed,
    EtlError,
    RequestRejected,
    SourceTooLarge,
    TransientError,
)
from etl_core.retry import RetryPolicy
from etl_core.s3.store import ObjectRef, ObjectStore
from etl_core.testing.contracts import StoreContract
from etl_core.testing.crashpoints import CallRecorder, CrashAt, Crashed, Moment
from etl_core.testing.store import FakeStore

KEY = ObjectRef("here", "key")
OTHER = ObjectRef("here", "other")


class FakeStoreContractTest(StoreContract, unittest.TestCase):
    """The fake does what every store does."""

    def setUp(self) -> None:
        """Make a store with one bucket."""
        self.bucket = "here"
        self.fake = FakeStore(self.bucket)
        self.store: ObjectStore = self.fake

    def seed(
        self,
        key: str,
        body: bytes = b"",
        metadata: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
    ) -> ObjectRef:
        """Put an object there."""
        ref = self.ref(key)
        self.fake.seed(
            ref, body, content_type="text/plain", metadata=metadata, tags=tags
        )
        return ref


class FakeStoreTest(unittest.TestCase):
    """What tests need of the fake beyond the contract."""

    def test_every_call_passes_the_hook(self) -> None:
        """Hook and log name the same calls; what tests seed is in neither."""
        recorder = CallRecorder()
        store = FakeStore("here", hook=recorder)
        store.seed(KEY, b"x")
        store.probe("here")
        store.copy(KEY, OTHER)
        self.assertEqual(
            [
                Call("s3", "HeadBucket", "s3://here"),
                Call("s3", "CopyObject", "s3://here/key to s3://here/other"),
            ],
            recorder.calls,
        )
        self.assertEqual(recorder.calls, store.requests)

    def test_dead_process_sends_nothing(self) -> None:
        """After a crash neither log nor bucket changes."""
        store = FakeStore("here", hook=CrashAt(1, Moment.BEFORE))
        for _ in range(2):
            with self.assertRaises(Crashed):
                store.put(KEY, io.BytesIO(b"x"))
        self.assertEqual(([], {}), (store.requests, store.bodies("here")))

    def test_lost_answer_is_repeated_by_the_policy(self) -> None:
        """The call happens twice, and the caller hears of one."""
        policy = RetryPolicy(attempts=2, sleep=lambda seconds: None)
        store = FakeStore("here", hook=CrashAt(1, Moment.LOST), retry=policy)
        store.put(KEY, io.BytesIO(b"x"))
        self.assertEqual(2, len(store.requests))

    def test_lost_answer_without_a_policy(self) -> None:
        """By default nothing is repeated."""
        store = FakeStore("here", hook=CrashAt(1, Moment.LOST))
        with self.assertRaises(TransientError):
            store.put(KEY, io.BytesIO(b"x"))
        self.assertEqual({"key": b"x"}, store.bodies("here"))

    def test_refused_object(self) -> None:
        """A refused object answers 403 as source, as destination and by itself."""
        store = FakeStore("here")
        store.seed(KEY)
        store.seed(OTHER)
        store.refuse("here", "key")
        for name, call in (
            ("head", lambda: store.head(KEY)),
            ("from", lambda: store.copy(KEY, OTHER)),
            ("to", lambda: store.copy(OTHER, KEY)),
        ):
            with self.subTest(call=name), self.assertRaises(AccessRefused):
                call()
        store.head(OTHER)

    def test_refused_bucket(self) -> None:
        """A refused bucket answers 403 to everything."""
        store = FakeStore("here")
        store.seed(KEY)
        store.refuse("here")
        for name, call in (
            ("probe", lambda: store.probe("here")),
            ("list", lambda: store.list_page("here", "")),
            ("head", lambda: store.head(KEY)),
        ):
            with self.subTest(call=name), self.assertRaises(AccessRefused):
                call()

    def test_refused_object_is_not_deleted(self) -> None:
        """The others are, and the error names the one that is left."""
        store = FakeStore("here")
        store.seed(KEY)
        store.seed(OTHER)
        store.refuse("here", "key")
        with self.assertRaisesRegex(AccessRefused, "DeleteObjects on key"):
            store.delete("here", ["key", "other"])
        self.assertEqual(["key"], list(store.bodies("here")))

    def test_versions(self) -> None:
        """A versioned store gives each write an id and says which was copied."""
        store = FakeStore("here", versioned=True)
        store.seed(KEY, b"old")
        old = store.head(KEY).version
        store.seed(KEY, b"new")
        new = store.head(KEY).version
        self.assertNotEqual(old, new)
        self.assertEqual(new, store.copy(KEY, OTHER).source_version)
        self.assertIsNone(FakeStore("here").seed(KEY) and None)

    def test_limits(self) -> None:
        """Requests that S3 rejects are rejected."""
        store = FakeStore("here", copy_limit=3)
        store.seed(KEY, b"four")
        with self.assertRaises(SourceTooLarge):
            store.copy(KEY, OTHER)
        with self.assertRaises(RequestRejected):
            store.copy(KEY, KEY)
        with self.assertRaises(RequestRejected):
            store.put(ObjectRef("here", "é" * 513), io.BytesIO(b""))
        store.put(ObjectRef("here", "é" * 512), io.BytesIO(b""))

    def test_race_has_one_winner(self) -> None:
        """Of many who create one object exactly one succeeds."""
        store = FakeStore("here")

        def create(number: int) -> EtlError | None:
            try:
                store.put(KEY, io.BytesIO(str(number).encode()), if_match="")
            except ConditionFailed as error:
                return error
            return None

        with ThreadPoolExecutor(8) as executor:
            answers = list(executor.map(create, range(50)))
        self.assertEqual(1, answers.count(None))

    def test_remove(self) -> None:
        """Tests can take away what was there."""
        store = FakeStore("here")
        store.seed(KEY)
        store.remove(KEY)
        self.assertEqual({}, store.bodies("here"))


if __name__ == "__main__":
    unittest.main()
