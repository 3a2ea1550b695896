"""Reads the unit keys that ``--units`` names."""

from collections.abc import Iterator
import gzip
import json
from pathlib import Path
import tempfile
from typing import Any, BinaryIO

from etl_core.errors import ConfigError, ObjectMissing
from etl_core.s3.store import ObjectRef, ObjectStore

GZIP_MAGIC = b"\x1f\x8b"
REASON = "#reason="


def read_unit_keys(store: ObjectStore, uri: str) -> Iterator[str]:
    """Yield the keys in an NDJSON file, plain or gzip, local or on S3.

    A line is a key, or an object with the member ``unit``: the quarantine of a run
    can be given as it is. With ``#reason=R`` at the end of the URI only those lines
    count whose member ``reason`` says so.

    :raises ConfigError: when the file cannot be read, or a line is neither.
    """
    place, _, reason = uri.partition(REASON)
    with tempfile.TemporaryFile() as file:
        fetch(store, place, file)
        file.seek(0)
        packed = file.read(2) == GZIP_MAGIC
        file.seek(0)
        lines = gzip.GzipFile(fileobj=file) if packed else file
        for number, line in enumerate(lines, start=1):
            if line.strip():
                value = _value_of(line, f"{place}:{number}")
                if not reason or value.get("reason") == reason:
                    yield str(value["unit"])


def fetch(store: ObjectStore, uri: str, sink: BinaryIO) -> None:
    """Write a local file or an object to another file.

    :raises ConfigError: when there is none.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        if uri.startswith("s3://"):
            store.get(ObjectRef(bucket, key), sink)
        else:
            sink.write(Path(uri).read_bytes())
    except (ObjectMissing, OSError) as error:
        raise ConfigError(f"--units {uri}: cannot be read: {error}") from error


def _value_of(line: bytes, where: str) -> dict[str, Any]:
    """Return a line as an object with the member ``unit``.

    :raises ConfigError: when it names no unit.
    """
    try:
        value = json.loads(line)
    except ValueError as error:
        raise ConfigError(f"--units: {where}: no JSON: {error}") from error
    found = value if isinstance(value, dict) else {"unit": value}
    if not isinstance(found.get("unit"), str):
        raise ConfigError(
            f'--units: {where}: write a key as in "attachment_id=789", or an object '
            "with the member unit"
        )
    return found
