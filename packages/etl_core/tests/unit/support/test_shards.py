"""Tests of dividing units among shards."""

from collections import Counter
import unittest

from etl_core.support.shards import Shard, shard_of

# What PostgreSQL 18 returned for SQL_HASH of each key.
HASHES = {
    "": 3558706393,
    "a": 214005177,
    "42": 2714814184,
    "agency_id=10/user_id=123": 940829340,
    "gr\u00f6\u00dfe/\u00e4 \u00f6": 2479202841,
    "\u540d\u524d.pdf": 4139972765,
    "\U0001f642": 1552772400,
}


class ShardTest(unittest.TestCase):
    """Keys of all kinds."""

    def test_hash_is_that_of_the_database(self) -> None:
        """For every count, also beyond the range of signed numbers."""
        for key, value in HASHES.items():
            for count in (1, 2, 7, 8, 1000, 2**32):
                with self.subTest(key=key, count=count):
                    self.assertEqual(value % count, shard_of(key, count))

    def test_every_key_is_held_by_one_shard(self) -> None:
        """The shards are a partition, and none is empty or swollen."""
        shards = [Shard(index, 8) for index in range(8)]
        holders = Counter[int]()
        for number in range(4000):
            held = [shard.index for shard in shards if shard.holds(f"key-{number}")]
            self.assertEqual(1, len(held))
            holders.update(held)

        self.assertEqual(8, len(holders))
        self.assertGreater(min(holders.values()), 400)
        self.assertLess(max(holders.values()), 600)

    def test_shard_is_written_as_it_is_read(self) -> None:
        """``3/8`` and back."""
        self.assertEqual("3/8", str(Shard.parse("3/8")))

    def test_shard_outside_its_count_is_refused(self) -> None:
        """The message shows the range."""
        with self.assertRaisesRegex(ValueError, "below its count: 0/8 to 7/8"):
            Shard.parse("8/8")
        with self.assertRaisesRegex(ValueError, "0/1 to 0/1"):
            Shard.parse("0/0")

    def test_text_that_is_no_shard_is_refused(self) -> None:
        """The message shows the form."""
        for text in ("3", "3/", "-1/8", "3/8 ", "3/8/9", "\u0663/8"):
            with self.subTest(text), self.assertRaisesRegex(ValueError, "INDEX/COUNT"):
                Shard.parse(text)


if __name__ == "__main__":
    unittest.main()
