"""Unit tests of :mod:`etl_core.runs.merge`."""

import unittest

from etl_core.runs.merge import Cursor, merged


class CursorTest(unittest.TestCase):
    """Look-ups in a stream whose first letters are the keys."""

    def setUp(self) -> None:
        """Note what is passed."""
        self.passed: list[str] = []

    def cursor(self, *values: str) -> Cursor[str]:
        """Return a cursor before the first value."""
        return Cursor(values, lambda value: value[0], self.passed.append)

    def test_take(self) -> None:
        """All values of a key are returned in their order, none of another."""
        cursor = self.cursor("a1", "c1", "c2", "d1")
        self.assertEqual([], cursor.take("b"))
        self.assertEqual(["c1", "c2"], cursor.take("c"))
        self.assertEqual([], cursor.take("c"))
        self.assertEqual(["d1"], cursor.take("d"))
        self.assertEqual([], cursor.take("e"))
        self.assertEqual(["a1"], self.passed)

    def test_last(self) -> None:
        """The last value of a key is the newest."""
        cursor = self.cursor("a1", "a2")
        self.assertEqual("a2", cursor.last("a"))
        self.assertIsNone(cursor.last("b"))

    def test_finish(self) -> None:
        """Every value that nobody asked for is passed once."""
        cursor = self.cursor("a1", "b1", "c1", "d1")
        cursor.take("b")
        cursor.finish()
        cursor.finish()
        self.assertEqual(["a1", "c1", "d1"], self.passed)

    def test_nobody_watches(self) -> None:
        """What is passed may be of no interest."""
        cursor = Cursor(("a", "b"), lambda value: value)
        self.assertEqual(["b"], cursor.take("b"))

    def test_merged(self) -> None:
        """Ordered streams become one ordered stream."""
        self.assertEqual(
            ["a", "b", "c", "d"],
            list(merged(["a", "d"], ["b", "c"], key=lambda value: value)),
        )


if __name__ == "__main__":
    unittest.main()
