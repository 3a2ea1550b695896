"""Tests that need a genuine part skip without it, unless it was promised.

``ETL_TEST_REQUIRE`` names the parts, separated by commas, whose absence is a
failure: continuous integration brings them up, and a test that does not find its
part there proves nothing by being skipped.
"""

from collections.abc import Mapping
import unittest

from etl_core.config import environment
from etl_core.errors import ConfigError

REQUIRE_VARIABLE = "ETL_TEST_REQUIRE"
PARTS = {
    "postgresql": "ETL_TEST_DATABASE_HOST",
    "s3": "ETL_TEST_S3_ENDPOINT",
    "docker": "ETL_TEST_DOCKER",
}


class PartMissing(AssertionError):
    """A part that was promised to the tests is not there."""


def require(part: str, environ: Mapping[str, str] | None = None) -> None:
    """Return when the part is there; call it first in ``setUpClass`` or in a test.

    :raises unittest.SkipTest: when it is not.
    :raises PartMissing: when it is not, and ``ETL_TEST_REQUIRE`` names it.
    """
    found = environment() if environ is None else environ
    if part not in PARTS:
        raise ConfigError(f"unknown part {part!r}; known: {', '.join(PARTS)}")
    if found.get(PARTS[part]):
        return
    reason = f"requires {part}: set {PARTS[part]}"
    if part in found.get(REQUIRE_VARIABLE, "").replace(" ", "").split(","):
        raise PartMissing(f"{reason} ({REQUIRE_VARIABLE} names it)")
    raise unittest.SkipTest(reason)
