"""The bytes of a file, unpacked: what is packed is told by its first bytes."""

from collections.abc import Iterator
import gzip
import importlib
from pathlib import Path
from typing import BinaryIO, cast
import zlib

from data_pipeline.bronze.files import FileRefused
from etl_core.errors import ConfigError

CHUNK = 1024 * 1024
GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
ZSTD_READER = "data_pipeline.bronze.zstd"
FOREIGN = {
    b"PK\x03\x04": "a zip archive, such as a spreadsheet",
    b"%PDF": "a PDF document",
    b"BZh": "packed by bzip2",
    b"\xfd7zXZ": "packed by xz",
    b"PAR1": "a Parquet file",
    b"\xd0\xcf\x11\xe0": "an old Office document",
    b"\x89PNG": "an image",
    b"SQLite format 3": "a database",
}


def is_packed(path: Path) -> bool:
    """Tell whether a file has to be unpacked."""
    return _head(path).startswith((GZIP, ZSTD))


def require_text(path: Path) -> None:
    """Refuse what is known to be something else than text.

    :raises FileRefused: saying what it is.
    """
    head = _head(path)
    for magic, what in FOREIGN.items():
        if head.startswith(magic):
            raise FileRefused("not_text", f"{path.name} is {what}")


def unpacked(path: Path, limit: int) -> Iterator[bytes]:
    """Yield the bytes of a file.

    :param limit: how many there may be when it is packed.
    :raises FileRefused: when it is cut off, damaged, or unpacks to more.
    """
    head = _head(path)
    with path.open("rb") as packed:
        if head.startswith(GZIP):
            yield from _limited(_gunzip(path, packed), path, limit)
        elif head.startswith(ZSTD):
            yield from _limited(_unzstd(path, packed), path, limit)
        else:
            while chunk := packed.read(CHUNK):
                yield chunk


def _head(path: Path) -> bytes:
    """Return the first bytes of a file."""
    with path.open("rb") as file:
        return file.read(16)


def _limited(chunks: Iterator[bytes], path: Path, limit: int) -> Iterator[bytes]:
    """Yield chunks up to a limit.

    :raises FileRefused: beyond it.
    """
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > limit:
            text = f"{path.name} unpacks to more than {limit:,} bytes (expansionLimit)"
            raise FileRefused("expansion_limit", text)
        yield chunk


def _gunzip(path: Path, packed: BinaryIO) -> Iterator[bytes]:
    """Yield what gzip packed; several members are one file.

    :raises FileRefused: when it is cut off or damaged.
    """
    try:
        with gzip.GzipFile(fileobj=packed) as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except EOFError:
        raise _truncated(path) from None
    except (zlib.error, gzip.BadGzipFile) as error:
        raise FileRefused("damaged", f"{path.name} is damaged: {error}") from None


def _unzstd(path: Path, packed: BinaryIO) -> Iterator[bytes]:
    """Yield what Zstandard packed.

    :raises FileRefused: when it is cut off or damaged.
    :raises ConfigError: when the library is missing.
    """
    try:
        unzstd = importlib.import_module(ZSTD_READER).unzstd
    except ModuleNotFoundError as error:
        text = f"{error.name} is missing: install the extra data-pipeline[silver]"
        raise ConfigError(text) from error
    yield from cast(Iterator[bytes], unzstd(path, packed, CHUNK))


def _truncated(path: Path) -> FileRefused:
    """Return the refusal of a file that is cut off."""
    return FileRefused("truncated", f"{path.name} is cut off; fetch it again")
