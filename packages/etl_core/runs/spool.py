"""Compressed files of JSON lines, on the local disk."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
import errno
import gzip
import hashlib
import heapq
import io
from pathlib import Path
import sqlite3
import tempfile
from typing import Any, BinaryIO, cast

import msgspec

from etl_core.config import environment
from etl_core.errors import ConfigError

ENCODER = msgspec.json.Encoder()
# Lines are compressed some at a time, because each call costs more than its line.
LINES_AT_ONCE = 256
READ_BYTES = 128 * 1024
# Level 1 writes about four times as fast as 6 and makes a ledger a fifth larger.
LEVEL = 1
MERGED_FILES = 64
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})


class LineWriter:
    """Writes one JSON value a line; the same values make the same bytes.

    :param path: the file, replaced when it exists.
    """

    def __init__(self, path: Path) -> None:
        """Open the file."""
        self.path = path
        self.lines = 0
        self._waiting: list[bytes] = []
        self._raw = path.open("wb")
        # No name and no time in the header: equal content has equal bytes.
        self._file = gzip.GzipFile("", "wb", LEVEL, self._raw, mtime=0)

    def write(self, value: object) -> None:
        """Write one line."""
        self._waiting.append(ENCODER.encode(value))
        self.lines += 1
        if len(self._waiting) >= LINES_AT_ONCE:
            self._compress()

    def _compress(self) -> None:
        """Write the lines that wait, if there are any."""
        if not self._waiting:
            return
        lines = [*self._waiting, b""]
        self._waiting.clear()
        self._file.write(b"\n".join(lines))

    def close(self) -> None:
        """Finish the file; harmless when it is finished."""
        self._compress()
        self._file.close()
        self._raw.close()

    def __enter__(self) -> "LineWriter":
        """Return the writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the file."""
        self.close()


def read_lines(source: Path | BinaryIO, kind: Any = Any) -> Iterator[Any]:  # noqa: ANN401
    """Yield the values of a file that :class:`LineWriter` wrote.

    :param kind: what each value is, for example a :class:`~typing.NamedTuple`.
    """
    decode = msgspec.json.Decoder(kind).decode
    with gzip.open(source, "rb") as file:
        # Its own reader is written in C; the file's would be called for every line.
        raw = cast("io.RawIOBase", file)
        for line in io.BufferedReader(raw, READ_BYTES):
            yield decode(line)


@contextmanager
def local_folder() -> Iterator[Path]:
    """Make a folder for local files and remove it afterwards.

    What is written there may fill the disk at any line. It is translated here, around
    all of them; the run stays open and continues where there is room.

    :raises ConfigError: when there is no room for one, or for what goes into it.
    """
    try:
        # Named, because otherwise one that cannot be written is silently passed over.
        wanted = environment().get("TMPDIR") or None
        folder = tempfile.TemporaryDirectory(prefix="etl-", dir=wanted)
    except OSError as error:
        raise ConfigError(
            f"no temporary folder can be made: {error}; set TMPDIR to one that can be "
            "written"
        ) from error
    with folder as path:
        try:
            yield Path(path)
        except (OSError, sqlite3.OperationalError) as error:
            if isinstance(error, OSError) and error.errno not in NO_ROOM:
                raise
            raise ConfigError(
                f"no room for temporary files in {Path(path).parent}: {error}; make "
                "room there or set TMPDIR, and start the same command to continue"
            ) from error


def sha256_of(path: Path) -> str:
    """Return the checksum of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while chunk := content.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


class SortedSpool:
    """Takes values in any order and gives them back sorted, in bounded memory.

    :param folder: where its files go.
    :param key: what to sort by.
    :param kind: what each value is.
    :param chunk_lines: how many values are sorted in memory at once.
    """

    def __init__(
        self,
        folder: Path,
        key: Callable[[Any], Any],
        kind: Any = Any,  # noqa: ANN401
        chunk_lines: int = 10_000,
    ) -> None:
        """Start empty."""
        self._folder = folder
        self._key = key
        self._kind = kind
        self._chunk_lines = chunk_lines
        self._buffer: list[Any] = []
        self._chunks: list[Path] = []
        self._made = 0

    def add(self, value: object) -> Path | None:
        """Keep a value; return the file of a chunk that became full."""
        self._buffer.append(value)
        return self.flush() if len(self._buffer) >= self._chunk_lines else None

    def adopt(self, chunk: Path) -> None:
        """Take over a file of values that is sorted by the same key."""
        self._chunks.append(chunk)
        if len(self._chunks) >= MERGED_FILES:
            merged = self._write(self._merged())
            for done in self._chunks[:-1]:  # the newest is still to be uploaded
                done.unlink()
            self._chunks = [merged]

    def flush(self) -> Path | None:
        """Write what is in memory as one sorted chunk; ``None`` when nothing is."""
        if not self._buffer:
            return None
        chunk = self._write(sorted(self._buffer, key=self._key))
        self._buffer = []
        self.adopt(chunk)
        return chunk

    def __iter__(self) -> Iterator[Any]:
        """Yield every value, sorted."""
        self.flush()
        return self._merged()

    def _merged(self) -> Iterator[Any]:
        """Merge the chunks."""
        chunks = [read_lines(chunk, self._kind) for chunk in self._chunks]
        return heapq.merge(*chunks, key=self._key)

    def _write(self, values: Iterable[Any]) -> Path:
        """Write a chunk."""
        self._made += 1
        path = self._folder / f"chunk-{self._made:06d}.ndjson.gz"
        with LineWriter(path) as chunk:
            for value in values:
                chunk.write(value)
        return path
