"""The command ``python -m workbench.policy``."""

from contextlib import redirect_stdout
import io
from pathlib import Path
import tempfile
import unittest

from workbench.policy.__main__ import main


class PolicyCommandTest(unittest.TestCase):
    """What the command prints, and how it ends."""

    def call(self, *arguments: str) -> tuple[int, str]:
        """Run the command; return its status and output."""
        with redirect_stdout(io.StringIO()) as printed:
            status = main([*arguments])
        return status, printed.getvalue()

    def test_violation(self) -> None:
        """A violation is printed with file, line, rule and mend; the status is 1."""
        with tempfile.TemporaryDirectory() as root:
            Path(root, "setup.py").write_text('"""A module."""\n')
            status, printed = self.call("--root", root)
        self.assertEqual(1, status)
        self.assertRegex(printed, r"^setup\.py:1: A2 root-entries: .+; mend: .+\n$")

    def test_nothing_found(self) -> None:
        """Without a violation one line says how much was checked."""
        with tempfile.TemporaryDirectory() as root:
            status, printed = self.call("--root", root, "--rule", "A8 src-layout")
        self.assertEqual((0, "policy: 1 rules hold in 0 files\n"), (status, printed))

    def test_list(self) -> None:
        """The rules can be listed with their mends."""
        status, printed = self.call("--list")
        self.assertEqual(0, status)
        self.assertIn("A8 src-layout", printed)


if __name__ == "__main__":
    unittest.main()
