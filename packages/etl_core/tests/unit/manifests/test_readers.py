"""Tests of the types of the options of ``manifest``."""

from argparse import ArgumentTypeError
from collections.abc import Callable
import unittest

from etl_core.manifests import readers


class ReadersTest(unittest.TestCase):
    """What is taken, and what is refused before Kubernetes does."""

    def assert_refused(self, read: Callable[[str], object], *texts: str) -> None:
        """Each is no argument."""
        for text in texts:
            with self.subTest(text), self.assertRaises(ArgumentTypeError):
                read(text)

    def test_cron(self) -> None:
        """Five fields within their bounds, names and short names."""
        for text in ("0 2 * * *", "*/15 0-6,22 1 jan-mar mon-fri", "@daily"):
            self.assertEqual(text, readers.cron(text))
        self.assert_refused(
            readers.cron,
            "0 2 * *",
            "60 2 * * *",
            "0 24 * * *",
            "0 2 0 * *",
            "0 2 * 13 *",
            "0 2 * * 8",
            "5-1 * * * *",
            "* * * * foo",
            "*/0 * * * *",
            "@never",
        )

    def test_each(self) -> None:
        """A name and different values."""
        self.assertEqual(
            readers.Each("agency_id", ("10", "11")), readers.each("agency_id=10, 11")
        )
        self.assert_refused(readers.each, "agency_id", "=1", "a=", "a=1,,2", "a=1,1")

    def test_quantities(self) -> None:
        """As Kubernetes writes them, in the units that ECS can be told too."""
        for text in ("500m", "2", "1.5", "0.25"):
            self.assertEqual(text, readers.cpu(text))
        self.assert_refused(readers.cpu, "0", "500", "1.5m", "-1", "")
        self.assertEqual("512Mi", readers.memory("512Mi"))
        self.assert_refused(readers.memory, "512", "512M", "0Mi", "1Ti")

    def test_variable(self) -> None:
        """A name and a value, which may be empty or hold the sign."""
        self.assertEqual(("A_1", "b=c"), readers.variable("A_1=b=c"))
        self.assertEqual(("A", ""), readers.variable("A="))
        self.assert_refused(readers.variable, "A", "1A=b", "=b")

    def test_names(self) -> None:
        """Of objects and roles."""
        self.assert_refused(readers.dns_name, "", "A", "a_b", "-a", "a-", "x" * 64)
        self.assert_refused(readers.role_arn, "role/x", "arn:aws:iam::1:role/x")
        self.assert_refused(readers.image, "", "a b")


if __name__ == "__main__":
    unittest.main()
