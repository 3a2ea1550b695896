"""Unpacks Zstandard; loaded by name, because a plain install lacks the library."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import zstandard

from data_pipeline.bronze.files import FileRefused

WINDOW_BYTES = 128 * 1024 * 1024


def unzstd(path: Path, packed: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield what Zstandard packed, frame after frame.

    :raises FileRefused: when it is cut off or damaged.
    """
    unpacker = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES)
    pending = b""
    try:
        while pending or (pending := packed.read(size)):
            frame = unpacker.decompressobj()
            while not frame.eof:
                if not pending:
                    raise FileRefused("truncated", f"{path.name} is cut off")
                if chunk := frame.decompress(pending):
                    yield chunk
                pending = b"" if frame.eof else packed.read(size)
            pending = frame.unused_data
    except zstandard.ZstdError as error:
        raise FileRefused("damaged", f"{path.name} is damaged: {error}") from None
