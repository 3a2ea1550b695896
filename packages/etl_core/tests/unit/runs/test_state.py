"""Unit tests of :mod:`etl_core.runs.state`."""

import unittest

from etl_core.runs.state import digest_of, ScopeState
from etl_core.s3.store import ObjectRef
from etl_core.tests.worlds import JOB, make_scope, TARGET


class StateTest(unittest.TestCase):
    """Where things lie."""

    def test_scope(self) -> None:
        """By default the state is below ``_etl/`` in the bucket of the destination."""
        scope = make_scope()
        self.assertEqual(TARGET, scope.bucket)
        self.assertRegex(scope.folder, rf"^_etl/job={JOB}/scope=[0-9a-f]{{16}}/$")
        self.assertEqual(f"{scope.folder}lease.json", scope.lease.key)

    def test_elsewhere(self) -> None:
        """``--state`` says where else."""
        scope = ScopeState.of(ObjectRef("other", "a/"), TARGET, JOB, {})
        self.assertEqual("other", scope.bucket)
        self.assertTrue(scope.folder.startswith(f"a/job={JOB}/"))

    def test_attempt(self) -> None:
        """All that an attempt writes is in a folder of its own."""
        attempt = make_scope().attempt("r", 2)
        folder = f"{make_scope().folder}run=r/attempt=2/"
        self.assertEqual(f"s3://{TARGET}/{folder}", attempt.url)
        for ref, name in (
            (attempt.journal(3), "journal=3.ndjson.gz"),
            (attempt.part(1), "part=1.ndjson.gz"),
            (attempt.index, "index.ndjson.gz"),
            (attempt.quarantine, "quarantine.ndjson.gz"),
            (attempt.manifest, "manifest.csv"),
        ):
            self.assertEqual(ObjectRef(TARGET, folder + name), ref)
        self.assertTrue(attempt.journal(3).key.startswith(attempt.journal_prefix.key))

    def test_digest(self) -> None:
        """The order of arguments does not matter, their values do."""
        self.assertEqual(digest_of({"a": 1, "b": 2}), digest_of({"b": 2, "a": 1}))
        self.assertNotEqual(digest_of({"a": 1}), digest_of({"a": "1"}))


if __name__ == "__main__":
    unittest.main()
