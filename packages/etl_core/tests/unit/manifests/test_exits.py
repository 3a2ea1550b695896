"""Tests of what Kubernetes does about exit codes."""

import unittest

from etl_core.errors import ExitCode
from etl_core.manifests.exits import COUNTS, INDEXED, PLAIN


class ExitsTest(unittest.TestCase):
    """The contract."""

    def test_every_exit_code_has_a_reaction(self) -> None:
        """A new one cannot be forgotten."""
        for reactions in (PLAIN, INDEXED):
            self.assertEqual(set(ExitCode), set(reactions))

    def test_what_continues_by_itself_counts(self) -> None:
        """It is tried again."""
        for code in (ExitCode.TRANSIENT, ExitCode.TERMINATED, ExitCode.BUG):
            with self.subTest(code):
                self.assertEqual((COUNTS, COUNTS), (PLAIN[code], INDEXED[code]))


if __name__ == "__main__":
    unittest.main()
