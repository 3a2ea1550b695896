"""Unit tests of :mod:`data_pipeline.silver.contract`."""

from pathlib import Path
import unittest

from data_pipeline.contracts.reading import read_contract
from data_pipeline.silver.contract import ContractBronze, dataset_of

FIXTURES = Path(__file__).parents[2] / "fixtures"
HASHED = read_contract(str(FIXTURES / "access.yaml"))


class HashTest(unittest.TestCase):
    """The key that keeps hashes from being guessed."""

    def test_key_is_in_the_session(self) -> None:
        """Whatever characters it has."""
        found = ContractBronze(HASHED, "it's").settings
        self.assertEqual("SET VARIABLE hash_key = 'it''s'", found[-1])

    def test_another_key_is_another_table(self) -> None:
        """All objects are read again, and the key cannot be seen in the digest."""
        digests = {dataset_of(HASHED, key).digest for key in ("", "one", "two")}
        self.assertEqual(3, len(digests))
        self.assertFalse(any("one" in digest for digest in digests))


if __name__ == "__main__":
    unittest.main()
