"""The sample data: three agencies, their users, documents and attachments.

Everything follows from constants, so that every demo shows the same numbers. Among
the attachments are the odd ones that real uploads bring along.
"""

from collections.abc import Iterator
import functools
import hashlib
import itertools
import random
from typing import Any, NamedTuple

SOURCE_BUCKET = "acme-uploads"
OTHER_BUCKET = "acme-archive"
DESTINATION_BUCKET = "acme-bronze"

AGENCIES = {10: "Harbour Relief", 11: "Nordlicht Beratung", 12: "Casa del Río"}
ATTACHMENTS = {10: 900, 11: 700, 12: 400}
DOCUMENTS_PER_USER = 6
ATTACHMENTS_PER_DOCUMENT = 5

# Which attachments of an agency are odd, by their number; none in the last agency,
# so that one run ends with exit code 0.
MISSING = {10: (17, 218, 611), 11: (42, 404), 12: ()}
PENDING = {10: (33, 330, 777), 11: (99,), 12: (7, 70)}
DELETED = {10: (5, 555), 11: (123, 321, 600), 12: (250,)}
ELSEWHERE = {10: (), 11: (350,), 12: ()}
EMPTY_EVERY = 45

MEDIA_TYPES = {
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "heic": "image/heic",
    "jpg": "image/jpeg",
    "pdf": "application/pdf",
    "png": "image/png",
    "txt": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
NAMES = (
    "scan.pdf",
    "scan.pdf",
    "IMG_{n:04}.jpg",
    "IMG_{n:04}.heic",
    "passport-{n}.png",
    "bank statement 2026-{month:02}.pdf",
    "Lease Agreement (signed) v{n}.docx",
    "hours_2026_{month:02}.xlsx",
    "export-{n}.csv",
    "notes.txt",
    "letter from the council, {month:02}-2026.pdf",
    "Überweisung März {n}.pdf",
    "factura nº {n}.pdf",
)
# Names that are hard on tools, each of which some attachments have.
HOSTILE_NAMES = (
    "契約書 {n}.pdf",
    "резюме.docx",
    "été \N{SUN WITH FACE} {n}.jpg",
    "2026/{month:02}/invoice.pdf",
    "..",
    "",
    "tab\tand\nline.txt",
    '100% & more + "quotes" #{n}?.pdf',
    "a-very-long-name-" + "x" * 240 + ".pdf",
)
HOSTILE_EVERY = 23

TYPICAL_BYTES = 9.0
LARGEST_BYTES = 400_000


class Attachment(NamedTuple):
    """One row of ``attachment``, and whether its object is there."""

    id: int
    agency_id: int
    user_id: int
    document_id: int
    bucket: str
    object_key: str
    file_name: str
    content_type: str
    size_bytes: int
    checksum_sha256: str
    status: str
    is_missing: bool

    @property
    def body(self) -> bytes:
        """The bytes of the object."""
        return random.Random(self.id).randbytes(self.size_bytes)  # noqa: S311 (sample)

    @property
    def is_to_be_copied(self) -> bool:
        """Whether its object must be in the destination after a run."""
        return (
            self.status == "stored"
            and self.bucket == SOURCE_BUCKET
            and not self.is_missing
        )

    def row(self) -> dict[str, Any]:
        """Return the columns of the row."""
        columns = self._asdict()
        del columns["is_missing"]
        return columns


class Expected(NamedTuple):
    """What a run over an agency must find."""

    listed: int
    copied: int
    skipped: int
    quarantined: int
    bytes_copied: int


@functools.cache
def attachments() -> tuple[Attachment, ...]:
    """Return the attachments of all agencies."""
    numbers = itertools.count(1001)
    return tuple(
        _attachment(next(numbers), agency_id, number)
        for agency_id, count in ATTACHMENTS.items()
        for number in range(count)
    )


def agencies() -> list[dict[str, Any]]:
    """Return the rows of ``agency``."""
    return [{"id": key, "name": name} for key, name in AGENCIES.items()]


def users() -> Iterator[dict[str, Any]]:
    """Yield the rows of ``app_user`` that attachments belong to."""
    for user_id, agency_id in sorted({(a.user_id, a.agency_id) for a in attachments()}):
        yield {
            "id": user_id,
            "agency_id": agency_id,
            "email": f"user{user_id}@agency{agency_id}.example",
            "full_name": f"User {user_id}",
        }


def documents() -> Iterator[dict[str, Any]]:
    """Yield the rows of ``user_document`` that attachments belong to."""
    keys = {(a.document_id, a.user_id, a.agency_id) for a in attachments()}
    for document_id, user_id, agency_id in sorted(keys):
        yield {
            "id": document_id,
            "agency_id": agency_id,
            "user_id": user_id,
            "title": f"Case file {document_id}",
        }


def expected(agency_id: int) -> Expected:
    """Return what the first run over an agency must find."""
    mine = [each for each in attachments() if each.agency_id == agency_id]
    copied = [each for each in mine if each.is_to_be_copied]
    missing = sum(each.is_missing for each in mine)
    return Expected(
        listed=len(mine),
        copied=len(copied),
        skipped=len(mine) - len(copied) - missing,
        quarantined=missing,
        bytes_copied=sum(each.size_bytes for each in copied),
    )


def _attachment(attachment_id: int, agency_id: int, number: int) -> Attachment:
    """Make one attachment of an agency."""
    chance = random.Random(attachment_id)  # noqa: S311 (sample data)
    name = _name(number)
    size = 0 if number % EMPTY_EVERY == 0 else _size(chance)
    document = number // ATTACHMENTS_PER_DOCUMENT
    key = f"uploads/{agency_id}/2026/{number % 12 + 1:02}/{chance.randbytes(12).hex()}"
    made = Attachment(
        id=attachment_id,
        agency_id=agency_id,
        user_id=agency_id * 100 + document // DOCUMENTS_PER_USER,
        document_id=agency_id * 1000 + document,
        bucket=OTHER_BUCKET if number in ELSEWHERE[agency_id] else SOURCE_BUCKET,
        object_key=key,
        file_name=name,
        content_type=MEDIA_TYPES.get(name.rpartition(".")[2], ""),
        size_bytes=size,
        checksum_sha256="",
        status=_status(agency_id, number),
        is_missing=number in MISSING[agency_id],
    )
    digest = hashlib.sha256(made.body).hexdigest()
    return made._replace(checksum_sha256=digest)


def _name(number: int) -> str:
    """Return a file name, now and then one that is hard on tools."""
    if number % HOSTILE_EVERY == HOSTILE_EVERY - 1:
        pattern = HOSTILE_NAMES[number // HOSTILE_EVERY % len(HOSTILE_NAMES)]
    else:
        pattern = NAMES[number % len(NAMES)]
    return pattern.format(n=number, month=number % 12 + 1)


def _size(chance: random.Random) -> int:
    """Return a size as uploads have it: mostly small, a few large."""
    return min(LARGEST_BYTES, 1 + int(chance.lognormvariate(TYPICAL_BYTES, 1.1)))


def _status(agency_id: int, number: int) -> str:
    """Return the status of an attachment."""
    if number in PENDING[agency_id]:
        return "pending"
    return "deleted" if number in DELETED[agency_id] else "stored"
