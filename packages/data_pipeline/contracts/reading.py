"""Reads a contract; what is wrong with it is told with line and column."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
import posixpath
import tempfile

from pydantic import ValidationError

from data_pipeline.contracts.building import Builder
from data_pipeline.contracts.document import Document
from data_pipeline.contracts.faults import ContractError, Fault
from data_pipeline.contracts.markup import Marked, parse
from data_pipeline.contracts.model import Contract
from etl_core.errors import ConfigError
from etl_core.readers import s3_object
from etl_core.registry import suggestion
from etl_core.s3.store import ObjectRef, ObjectStore

Fetch = Callable[[str], bytes]
SIZE_LIMIT = 64 * 1024**2


def read_contract(location: str, store: ObjectStore | None = None) -> Contract:
    """Return the contract that a file holds.

    :param location: a local path, or ``s3://bucket/key``.
    :param store: reads what lies in S3.
    :raises ContractError: with every fault of the file.
    :raises ConfigError: when it cannot be read.
    """

    def fetch(place: str) -> bytes:
        return _fetch(place, store)

    try:
        text = fetch(location).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{location}: not encoded as UTF-8") from error
    return contract_of(text, location, fetch)


def contract_of(text: str, location: str, fetch: Fetch) -> Contract:
    """Return the contract that a text says.

    :param location: where it is from, for messages, and for files beside it.
    :param fetch: reads a file by its place.
    :raises ContractError: with every fault of the text.
    """
    marked = parse(text, location)
    try:
        document = Document.model_validate(marked.data)
    except ValidationError as error:
        raise ContractError(_faults(marked, error)) from None

    def beside(name: str) -> bytes:
        return fetch(_beside(location, name))

    builder = Builder(document, marked, location, beside)
    contract = builder.contract()
    if builder.faults:
        raise ContractError(builder.faults)
    return contract


def _faults(marked: Marked, error: ValidationError) -> list[Fault]:
    """Return what a model found, each at its place."""
    return [
        marked.fault(fault["loc"], _said(fault["type"], fault["msg"], fault["loc"]))
        for fault in error.errors(include_input=False, include_url=False)
    ]


def _said(kind: str, message: str, place: tuple[int | str, ...]) -> str:
    """Return what to do about a fault."""
    name = place[-1] if place else "the file"
    if kind == "missing":
        return f"{name} is missing; add it"
    if kind == "extra_forbidden":
        known = sorted(Document.names_at(place[:-1]))
        return f"{name!r} is not known here; {suggestion(str(name), known)}"
    return f"{name}: {message[:1].lower()}{message[1:]}"


def _beside(location: str, name: str) -> str:
    """Return the place of a file that a contract names."""
    if name.startswith(("s3://", "/")):
        return name
    return posixpath.join(posixpath.dirname(location), name)


def object_at(location: str) -> ObjectRef:
    """Return the object that a location names.

    :raises ConfigError: when it names none.
    """
    try:
        return s3_object(location)
    except ArgumentTypeError as error:
        raise ConfigError(str(error)) from None


def _fetch(location: str, store: ObjectStore | None) -> bytes:
    """Return the bytes of a local file or an object.

    :raises ConfigError: when it cannot be read, or nothing can read it.
    """
    if not location.startswith("s3://"):
        try:
            return Path(location).read_bytes()
        except OSError as error:
            raise ConfigError(f"{location}: {error.strerror}") from error
    if store is None:
        raise ConfigError(f"{location}: no object store is at hand; give a local file")
    ref = object_at(location)
    if store.head(ref).size > SIZE_LIMIT:
        raise ConfigError(f"{location}: larger than any contract or lookup may be")
    with tempfile.TemporaryFile() as sink:
        store.get(ref, sink)
        sink.seek(0)
        return sink.read()
