"""Unit tests of :mod:`etl_core.testing.genuine`."""

import unittest

from etl_core.errors import ConfigError
from etl_core.testing.genuine import PartMissing, require


class RequireTest(unittest.TestCase):
    """A part that is there, is not, or was promised."""

    def test_there(self) -> None:
        """The variable that names the part is enough."""
        require("s3", {"ETL_TEST_S3_ENDPOINT": "http://127.0.0.1:7480"})

    def test_not_there(self) -> None:
        """The test is skipped with the reason and the remedy."""
        with self.assertRaisesRegex(
            unittest.SkipTest, "^requires s3: set ETL_TEST_S3_ENDPOINT$"
        ):
            require("s3", {"ETL_TEST_REQUIRE": "postgresql"})

    def test_promised(self) -> None:
        """A promised part that is missing is a failure, and no skip."""
        for promise in ("s3", "postgresql, s3"):
            with (
                self.subTest(promise=promise),
                self.assertRaises((PartMissing, unittest.SkipTest)) as caught,
            ):
                require("s3", {"ETL_TEST_REQUIRE": promise})
            self.assertIsInstance(caught.exception, PartMissing)
            self.assertIn("ETL_TEST_REQUIRE names it", str(caught.exception))

    def test_unknown(self) -> None:
        """A misspelt part never skips in silence."""
        with self.assertRaisesRegex(ConfigError, "known: postgresql, s3"):
            require("postgres", {})


if __name__ == "__main__":
    unittest.main()
