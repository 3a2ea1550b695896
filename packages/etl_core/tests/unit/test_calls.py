"""Unit tests of :mod:`etl_core.calls`."""

from concurrent.futures import ThreadPoolExecutor
import unittest

from etl_core.calls import Call, CallCounter, direct, watch

COPY = Call("s3", "CopyObject", "s3://bucket/key")
QUERY = Call("postgresql", "execute", "SELECT")


class DirectTest(unittest.TestCase):
    """The hook that only sends."""

    def test_returns_the_answer(self) -> None:
        """The caller gets what was sent for."""
        self.assertEqual(7, direct(COPY, lambda: 7))


class CallCounterTest(unittest.TestCase):
    """The hook that counts."""

    def test_counts_by_system(self) -> None:
        """Each system has its own totals, by operation in order."""
        counter = CallCounter()
        for call in (COPY, QUERY, COPY, COPY._replace(operation="AbortUpload")):
            counter(call, lambda: None)
        self.assertEqual(
            [("AbortUpload", 1), ("CopyObject", 2)], list(counter.totals("s3").items())
        )
        self.assertEqual({"execute": 1}, counter.totals("postgresql"))

    def test_counts_failures(self) -> None:
        """A call that fails was a call, and its error reaches the caller."""
        counter = CallCounter()

        def fail() -> None:
            raise OSError

        with self.assertRaises(OSError):
            counter(COPY, fail)
        self.assertEqual({"CopyObject": 1}, counter.totals("s3"))

    def test_sends_through_the_inner_hook(self) -> None:
        """Hooks stack: the inner one decides about sending."""
        counter = CallCounter(lambda call, send: send() + 1)
        self.assertEqual(8, counter(COPY, lambda: 7))

    def test_counts_from_many_threads(self) -> None:
        """No call is lost when threads share the counter."""
        counter = CallCounter()
        with ThreadPoolExecutor(8) as executor:
            list(executor.map(lambda _: counter(COPY, lambda: None), range(2000)))
        self.assertEqual({"CopyObject": 2000}, counter.totals("s3"))


class WatchTest(unittest.TestCase):
    """Calls that the caller sends itself."""

    def test_counts_a_watched_call(self) -> None:
        """A call that is watched counts like one that is sent."""
        counter = CallCounter(CallCounter())
        with watch(counter, Call("s3", "CopyObject", "s3://here/key")):
            self.assertEqual({"CopyObject": 1}, counter.totals("s3"))

    def test_a_hook_that_only_sends(self) -> None:
        """A hook that cannot let go of a call is refused, not passed over."""
        counter = CallCounter(lambda _, send: send())
        with (
            self.assertRaisesRegex(TypeError, "CopyObject"),
            watch(counter, Call("s3", "CopyObject", "s3://here/key")),
        ):
            self.fail("it was sent")


if __name__ == "__main__":
    unittest.main()
