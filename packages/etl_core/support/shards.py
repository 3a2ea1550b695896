"""Dividing units among processes by a hash that Python and SQL compute alike."""

from dataclasses import dataclass
import hashlib
import re

from typing_extensions import Self

SQL_HASH = "('x' || substr(md5({column}), 1, 8))::bit(32)::bigint"
"""The same hash in PostgreSQL; the remainder of a division by the count follows."""


@dataclass(frozen=True)
class Shard:
    """One of several processes that share the units of a job.

    :param index: zero-based.
    :param count: of all shards, at least one.
    """

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``3/8``.

        :raises ValueError: saying what is allowed.
        """
        found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
        if found is None:
            raise ValueError("a shard is written INDEX/COUNT, zero-based: 0/8 to 7/8")
        index, count = int(found[1]), int(found[2])
        if index >= count:
            raise ValueError(
                f"a shard is zero-based and below its count: 0/{count or 1} "
                f"to {max(count - 1, 0)}/{count or 1}"
            )
        return cls(index, count)

    def __str__(self) -> str:
        """The shard as it is written on the command line."""
        return f"{self.index}/{self.count}"

    def holds(self, key: str) -> bool:
        """Return whether this shard processes the unit."""
        return shard_of(key, self.count) == self.index


def shard_of(key: str, count: int) -> int:
    """Return the index of the shard that processes a unit.

    It is the remainder of the first 32 bits of the MD5 of the UTF-8 key, which is
    :data:`SQL_HASH` ``% count`` in PostgreSQL: stable over processes, machines and
    versions of Python, and never negative.
    """
    digest = hashlib.md5(key.encode(), usedforsecurity=False)
    return int.from_bytes(digest.digest()[:4], "big") % count
