"""Reads the first records of a file whose form nobody has told."""

import codecs
from collections.abc import Iterator, Mapping
import csv
import io
from itertools import islice
import json
from pathlib import Path

from data_pipeline.bronze.files import FileRefused
from data_pipeline.bronze.lines import bom_of, in_utf8, one_line_end, without_bom
from data_pipeline.bronze.unpacking import require_text, unpacked
from data_pipeline.contracts.inference import Found, Sample

BYTES = 4 * 1024 * 1024
RECORDS = 10_000
DELIMITERS = ",;\t|"
CODECS = ("utf-8", "cp1252", "latin-1")


def sample(path: Path, server: Mapping[str, object]) -> Found:
    """Return how a file looks.

    :param server: what is known about where it lies.
    :raises FileRefused: when no records are found in it.
    """
    require_text(path)
    head = _head(path)
    encoding = bom_of(head) or _encoding(head)
    chunks = one_line_end(without_bom(in_utf8([head], encoding)))
    text = b"".join(chunks).decode(errors="replace")
    text = text[: text.rfind("\n") + 1] or text
    known = {**server, "format": "csv", "encoding": encoding}
    if text.lstrip()[:1] in ("{", "["):
        return _objects(text, {**known, "format": "jsonl"}, path)
    return _table(text, known, path)


def _head(path: Path) -> bytes:
    """Return the first bytes of a file."""
    found = io.BytesIO()
    for chunk in unpacked(path, BYTES * 1000):
        found.write(chunk)
        if found.tell() >= BYTES:
            break
    return found.getvalue()[:BYTES]


def _encoding(head: bytes) -> str:
    """Return the first codec by which all bytes are text."""
    for codec in CODECS:
        try:
            codecs.getincrementaldecoder(codec)().decode(head)
        except UnicodeDecodeError:
            continue
        return codec
    return CODECS[-1]


def _table(text: str, known: Mapping[str, object], path: Path) -> Found:
    """Return the columns of a CSV file.

    :raises FileRefused: when its first line names fewer than two.
    """
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    rows = list(islice(csv.reader(io.StringIO(text), delimiter=delimiter), RECORDS))
    if not rows or len(rows[0]) < 2:
        raise FileRefused("not_csv", f"{path.name}: its first line names no columns")
    names = [name.strip() or f"column_{at}" for at, name in enumerate(rows[0], 1)]
    full = [row for row in rows[1:] if len(row) == len(names)]
    columns = {name: [row[at] for row in full] for at, name in enumerate(names)}
    server = {**known, "delimiter": delimiter} if delimiter != "," else known
    return Found(server, columns)


def _objects(text: str, known: Mapping[str, object], path: Path) -> Found:
    """Return the fields of JSON objects, those of inner ones by their path.

    :raises FileRefused: when there are none.
    """
    if text.lstrip().startswith("["):
        known = {**known, "format": "json"}
    records = [dict(_flat(each)) for each in islice(_records(text), RECORDS)]
    names = list(dict.fromkeys(name for record in records for name in record))
    if not names:
        raise FileRefused("not_json", f"{path.name} has no JSON objects")
    columns: Sample = {
        name: [record.get(name, "") for record in records] for name in names
    }
    return Found(known, columns)


def _records(text: str) -> Iterator[Mapping[str, object]]:
    """Yield the objects of lines, or of an array."""
    decoder = json.JSONDecoder()
    at = 0
    while (at := text.find("{", at)) >= 0:
        try:
            found, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError:
            return
        if isinstance(found, dict):
            yield found


def _flat(record: Mapping[str, object], above: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each field."""
    for name, value in record.items():
        path = f"{above}{name}"
        if isinstance(value, dict):
            yield from _flat(value, f"{path}.")
        elif value is None:
            yield path, ""
        else:
            yield path, value if isinstance(value, str) else json.dumps(value)
