"""Finds files whose bytes are not in the encoding that their contract names."""

from collections.abc import Iterable, Iterator

from data_pipeline.bronze.files import FileRefused
from data_pipeline.bronze.lines import UTF8

WIDE = ("utf", "gb", "big5", "euc", "shift", "iso2022", "cp93", "cp94", "cp95", "hz")


class Mixture:
    """Watches for lines in UTF-8 in a file of an encoding with one byte a character.

    Every byte is a character there, so that nothing fails to decode: text in UTF-8
    would come out as other letters. Where some lines are UTF-8 and others not, there
    are two encodings, and nobody can tell which line is which.

    :param encoding: that the contract names.
    :param name: of the file.
    """

    def __init__(self, encoding: str, name: str) -> None:
        """Count nothing yet."""
        self._encoding = encoding
        self._name = name
        self._utf8 = 0
        self._other = 0

    def watched(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield chunks, and refuse the file at its end.

        :raises FileRefused: when there are lines in UTF-8 among them.
        """
        if self._encoding in UTF8 or self._encoding.startswith(WIDE):
            yield from chunks
            return
        held = b""
        for chunk in chunks:
            held = self._counted(held + chunk)
            yield chunk
        self._count(held)
        self._judge()

    def _counted(self, data: bytes) -> bytes:
        """Count whole lines and return the rest."""
        cut = data.rfind(b"\n") + 1
        if not data.isascii():
            for line in data[:cut].split(b"\n"):
                self._count(line)
        return data[cut:]

    def _count(self, line: bytes) -> None:
        """Count a line that has other letters than those of ASCII."""
        if line.isascii():
            return
        try:
            line.decode()
        except UnicodeDecodeError:
            self._other += 1
        else:
            self._utf8 += 1

    def _judge(self) -> None:
        """Refuse a file that is not in its encoding.

        :raises FileRefused: always then.
        """
        if not self._utf8:
            return
        text = f"{self._name}: {self._utf8} lines are UTF-8"
        if self._other:
            more = f"{self._other} are not; have it written in one encoding"
            raise FileRefused("encoding_mixed", f"{text} and {more}")
        more = f"and its contract says {self._encoding}; say utf-8"
        raise FileRefused("encoding_wrong", f"{text}, {more}")
