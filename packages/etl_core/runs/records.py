"""Small JSON records that only one writer at a time can change."""

import io
import json
from typing import Any, NamedTuple

from etl_core.errors import ConditionFailed, DataError, ObjectMissing
from etl_core.s3.store import ObjectRef, ObjectStore


class Record(NamedTuple):
    """A record as it was read or written.

    :param etag: what the next writer must find; empty when there is no record yet.
    """

    content: dict[str, Any]
    etag: str


NO_RECORD = Record({}, "")


def read_record(store: ObjectStore, ref: ObjectRef) -> Record:
    """Return a record, or :data:`NO_RECORD`.

    :raises DataError: when something else lies there.
    """
    sink = io.BytesIO()
    try:
        head = store.get(ref, sink)
    except ObjectMissing:
        return NO_RECORD
    try:
        content = json.loads(sink.getvalue())
    except ValueError as error:
        raise DataError(f"{ref.url} is not a record of a run: {error}") from error
    return Record(content, head.etag)


def write_record(
    store: ObjectStore, ref: ObjectRef, content: dict[str, Any], etag: str
) -> Record:
    """Replace a record that nobody changed since it was read.

    A lost answer is told from a lost race by reading back: the content of a record
    names its writer, so equal bytes are our own.

    :param etag: of the record that was read; empty when there was none.
    :raises ConditionFailed: when somebody else wrote in between.
    """
    body = json.dumps(content, indent=1, sort_keys=True).encode()
    try:
        return Record(content, store.put(ref, io.BytesIO(body), if_match=etag))
    except ConditionFailed:
        found = read_record(store, ref)
        if found.content == json.loads(body):
            return found
        raise
