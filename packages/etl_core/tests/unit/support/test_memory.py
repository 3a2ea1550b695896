"""Unit tests of :mod:`etl_core.support.memory`."""

from pathlib import Path
import tempfile
import unittest

from etl_core.support.memory import available_bytes, bytes_of


class MemoryTest(unittest.TestCase):
    """What a process may use."""

    def limit(self, text: str) -> tuple[Path, ...]:
        """Write a limit as the system shows it."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "memory.max"
        path.write_text(text)
        return (path, path.with_name("nowhere"))

    def test_container(self) -> None:
        """The limit of the container counts, when there is one."""
        self.assertEqual(1_000_000, available_bytes(self.limit("1000000\n")))
        without = available_bytes(())
        self.assertGreater(without, 100 * 1024**2)
        self.assertEqual(without, available_bytes(self.limit("max\n")))
        # cgroup v1 says "no limit" by a number that no machine has.
        self.assertEqual(without, available_bytes(self.limit(f"{2**63 - 4096}\n")))

    def test_share(self) -> None:
        """A share becomes bytes, a size stays what it is."""
        self.assertEqual("2GB", bytes_of("2GB"))
        half = int(bytes_of("50%").removesuffix("B"))
        self.assertEqual(available_bytes() // 2, half)


if __name__ == "__main__":
    unittest.main()
