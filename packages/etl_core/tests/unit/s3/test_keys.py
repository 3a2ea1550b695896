"""Unit tests of :mod:`etl_core.s3.keys`."""

import unittest

from etl_core.s3.keys import clean_name


class CleanNameTest(unittest.TestCase):
    """File names that people gave."""

    def assert_names(self, expected: dict[str, str], limit: int = 100) -> None:
        """Clean names and compare."""
        found = {name: clean_name(name, limit) for name in expected}
        self.assertEqual(expected, found)

    def test_kept(self) -> None:
        """What is harmless stays as it is."""
        for name in (
            "a.pdf",
            "Übersicht 2026 (1).tar.gz",
            ".profile",
            "\U0001f4ce",
            "a b+c=d&e",
        ):
            self.assert_names({name: name})

    def test_unsafe(self) -> None:
        """Slashes become underscores, control characters and their like go."""
        self.assert_names(
            {
                "a/b": "a_b",
                "../etc": ".._etc",
                "a\x00b\nc\x7f\x85": "abc",
                "a\u2028b\ufffe": "ab",
                "a\ud800b": "ab",
            }
        )

    def test_no_name(self) -> None:
        """What is no name at all gets one."""
        for name in ("", ".", "..", "\n", "\x00.\x00"):
            self.assert_names({name: "unnamed"})

    def test_cut(self) -> None:
        """What is too long is cut in front of the extension, between characters."""
        self.assert_names(
            {
                "0123456789.pdf": "012345.pdf",
                "ääääää.pdf": "äää.pdf",
                "aääääää.pdf": "aää.pdf",
                "01234567890123": "0123456789",
                "a.01234567890123": "a.01234567",
                ".01234567890123": ".012345678",
                "123456.pdf": "123456.pdf",
            },
            10,
        )


if __name__ == "__main__":
    unittest.main()
