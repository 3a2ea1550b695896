"""The bytes of objects: as large as real uploads, and checksummed at little cost.

All bodies of one size share everything but their end. A checksum of what they share
is made once, so that one of a row costs the same for a small file and a large one.
"""

import hashlib

SMALLEST = 150
CLASSES = 256
ENDING = 32


def sizes() -> tuple[int, ...]:
    """Return the sizes that files have, from small to large."""
    found = [SMALLEST]
    while len(found) < CLASSES:
        found.append(found[-1] * 103 // 100 + 1)
    return tuple(found)


SIZES = sizes()


class Bodies:
    """Makes the bytes of the objects of one seed.

    :param seed: decides the bytes.
    """

    def __init__(self, seed: int) -> None:
        """Draw the bytes, and begin a checksum for each size."""
        text = f"{seed}/bodies".encode()
        self._shared = hashlib.shake_128(text).digest(SIZES[-1])
        self._sums = {}
        running, done = hashlib.sha256(), 0
        for size in SIZES:
            running.update(self._shared[done : size - ENDING])
            done = size - ENDING
            self._sums[size] = running.copy()
        self._sums[0] = hashlib.sha256()

    def checksum(self, number: int, size: int) -> str:
        """Return the SHA-256 of a body in hexadecimal digits."""
        found = self._sums[size].copy()
        if size:
            found.update(_ending(number))
        return found.hexdigest()

    def body(self, number: int, size: int) -> bytes:
        """Return the bytes of an object.

        :param number: of the attachment.
        :param size: one of :data:`SIZES`, or zero.
        """
        return self._shared[: size - ENDING] + _ending(number) if size else b""


def _ending(number: int) -> bytes:
    """Return the last bytes of a body, by which it differs from any other."""
    return b"\nattachment %019d\n" % number
