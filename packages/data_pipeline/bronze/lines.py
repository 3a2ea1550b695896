"""Whole lines of a file, in UTF-8 and with one kind of line end."""

import codecs
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
import re

from data_pipeline.bronze.files import FileRefused

BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
PIECE = 256 * 1024
EMPTY = re.compile(rb"\n\n")
UTF8 = frozenset({"utf-8", "utf-8-sig", "ascii"})
UNDECODABLE = "etl_undecodable"
# It becomes the byte 0xff, which no text in UTF-8 has: the reader rejects that line.
MARK = "\udcff"


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Replace what does not decode by a byte that no reader takes for text."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return MARK, error.end


codecs.register_error(UNDECODABLE, _mark)


def bom_of(head: bytes) -> str:
    """Return the encoding that the first bytes declare, or nothing."""
    return next((name for bom, name in BOMS.items() if head.startswith(bom)), "")


def in_utf8(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield bytes in UTF-8, what does not decode as a byte that is none."""
    if encoding in UTF8:
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)(UNDECODABLE)
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "surrogateescape")
    if rest := decoder.decode(b"", True):
        yield rest.encode("utf-8", "surrogateescape")


def one_line_end(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield bytes in which every line ends in a line feed."""
    held = b""
    for chunk in chunks:
        data = held + chunk
        held = b"\r" if data.endswith(b"\r") else b""
        if b"\r" in data:
            data = data[: len(data) - len(held)]
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield data
    if held:
        yield b"\n"


def without_bom(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield bytes in UTF-8 without the mark in front of them."""
    waiting = True
    for chunk in chunks:
        yield chunk.removeprefix(codecs.BOM_UTF8) if waiting else chunk
        waiting = False


def whole_lines(chunks: Iterable[bytes], name: str, limit: int) -> Iterator[bytes]:
    """Yield pieces that end where a line ends, the last one as the file does.

    :raises FileRefused: when a line has more bytes than the limit.
    """
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        cut = chunk.rfind(b"\n") + 1
        if cut:
            yield b"".join([*held, chunk[:cut]])
            held, size = [], 0
        held.append(chunk[cut:])
        size += len(chunk) - cut
        if size > limit:
            raise _too_long(name, limit)
    if size:
        yield b"".join(held)


def whole_lines_of(path: Path, limit: int) -> Iterator[bytes]:
    """Yield pieces of a plain file that end where a line ends.

    They are small enough to stay in the cache of a processor.

    :raises FileRefused: when a line has more bytes than the limit.
    """
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            if not piece.endswith(b"\n"):
                piece += file.readline(limit + 1)
            if len(piece) > limit and not _short(piece, limit):
                raise _too_long(path.name, limit)
            yield piece


def _short(piece: bytes, limit: int) -> bool:
    """Tell whether no line is longer than a limit."""
    return max(map(len, piece.split(b"\n"))) <= limit


def _too_long(name: str, limit: int) -> FileRefused:
    """Return the refusal of a file with a line that is too long."""
    text = f"{name} has a line of more than {limit:,} bytes (lineLimit)"
    return FileRefused("line_too_long", text)


@dataclass
class Survey:
    """What was counted in a file, without reading its fields.

    :param lines: that are not empty.
    :param odd: whether a line has an odd number of quotes, so that a field may go on
        in the next line.
    :param feeds: line feeds; ``returns`` carriage returns, ``pairs`` both together.
    """

    quote: bytes = b""
    escape: bytes = b""
    lines: int = 0
    odd: bool = False
    feeds: int = 0
    returns: int = 0
    pairs: int = 0

    def watched(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield pieces of whole lines and count on the way."""
        parity = self._parity()
        for piece in pieces:
            feeds = piece.count(b"\n")
            self.feeds += feeds
            self.lines += feeds + (not piece.endswith(b"\n")) - _empty(piece)
            if b"\r" in piece:
                self.returns += piece.count(b"\r")
                self.pairs += piece.count(b"\r\n")
            if self.quote and not self.odd and self.quote in piece:
                self.odd = parity(piece)
            yield piece

    @property
    def one_line_end(self) -> bool:
        """Whether all lines end alike, so that the reader sees every one."""
        return not self.returns or self.returns == self.pairs == self.feeds

    def _parity(self) -> Callable[[bytes], bool]:
        """Return the test whether a line among several has an odd number of quotes."""
        quote = self.quote
        others = bytes(
            each for each in range(256) if bytes([each]) not in (quote, b"\n")
        )

        def odd(piece: bytes) -> bool:
            if self.escape != quote:
                piece = piece.replace(self.escape * 2, b"")
                piece = piece.replace(self.escape + quote, b"")
            return quote in piece.translate(None, others).replace(quote * 2, b"")

        return odd


def _empty(piece: bytes) -> int:
    """Count the lines without any character."""
    possible = piece[:1] in (b"\n", b"\r") or EMPTY.search(piece)
    if not possible and not (b"\r" in piece and b"\n\r\n" in piece):
        return 0
    lines = piece.split(b"\n")
    return sum(line in (b"", b"\r") for line in lines[:-1])
