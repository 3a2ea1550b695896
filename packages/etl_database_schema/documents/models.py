"""The ``user_document`` and ``attachment`` tables.

``attachment`` repeats the user and the agency of its document, so that one index
serves the query of one agency's files. Composite foreign keys, made by the migration
``0002_composite_keys``, keep the copies true: single-column constraints would check
the same again for every row, and are left out. ``DO_NOTHING`` on such a copy means
that the database decides.
"""

from datetime import datetime

from django.db import models
from django.db.models.functions import Cast, Collate
from django.db.models.lookups import LessThanOrEqual

from etl_database_schema.agencies.models import Agency
from etl_database_schema.records import Record
from etl_database_schema.users.models import AppUser

KEY_BYTES = 1024
"""The longest object key that S3 accepts, in bytes of UTF-8."""


def key_order() -> tuple[Collate, ...]:
    """Return the order in which S3 lists keys made of these ids.

    S3 compares bytes, so ``9`` comes after ``10``: ids count as text, not as numbers.
    """
    return tuple(
        Collate(Cast(column, models.TextField()), "C")
        for column in ("user_id", "document_id", "id")
    )


class UserDocument(Record):
    """A document that a user keeps, with any number of attachments."""

    agency = models.ForeignKey(
        Agency,
        db_constraint=False,
        db_index=False,
        on_delete=models.DO_NOTHING,
        related_name="documents",
        db_comment="Agency of the user; a copy, kept true by a composite key.",
    )
    user = models.ForeignKey(
        AppUser,
        db_constraint=False,
        on_delete=models.PROTECT,
        related_name="documents",
        db_comment="User who keeps the document.",
    )
    title = models.TextField(db_comment="Title shown to people.")

    class Meta:
        """Table ``user_document``."""

        db_table = "user_document"
        db_table_comment = "A document that a user keeps, with its attachments."
        constraints = (
            # What the composite foreign key of attachment refers to.
            models.UniqueConstraint(
                fields=("id", "user", "agency"), name="user_document_id_user_agency_key"
            ),
        )

    def __str__(self) -> str:
        """Return the title."""
        return self.title


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    """The questions that more than one module asks."""

    def in_key_order(self) -> "AttachmentQuerySet":
        """Order rows of one agency as S3 lists their destination keys."""
        return self.order_by(*key_order())

    def changed(self, start: datetime, end: datetime) -> "AttachmentQuerySet":
        """Keep rows last written in the half-open range from start to end."""
        return self.filter(updated_at__gte=start, updated_at__lt=end)


class Attachment(Record):
    """A file of a document: where it is stored and what is known about it."""

    class Status(models.TextChoices):
        """Whether the object is there to be read."""

        STORED = "stored"
        PENDING = "pending"
        DELETED = "deleted"

    agency = models.ForeignKey(
        Agency,
        db_constraint=False,
        db_index=False,
        on_delete=models.DO_NOTHING,
        related_name="attachments",
        db_comment="Agency of the document; a copy, kept true by a composite key.",
    )
    user = models.ForeignKey(
        AppUser,
        db_constraint=False,
        db_index=False,
        on_delete=models.DO_NOTHING,
        related_name="attachments",
        db_comment="User of the document; a copy, kept true by a composite key.",
    )
    document = models.ForeignKey(
        UserDocument,
        db_constraint=False,
        on_delete=models.PROTECT,
        related_name="attachments",
        db_comment="Document that the file belongs to.",
    )
    bucket = models.TextField(db_comment="Bucket that holds the object.")
    object_key = models.TextField(
        db_comment="Key of the object; at most 1,024 bytes of UTF-8."
    )
    file_name = models.TextField(
        blank=True,
        db_comment="Name as it was uploaded; may be empty, hostile or not unique.",
    )
    content_type = models.TextField(
        blank=True, db_default="", db_comment="Media type; empty when unknown."
    )
    size_bytes = models.BigIntegerField(
        null=True, blank=True, db_comment="Size of the object; null when unknown."
    )
    checksum_sha256 = models.TextField(
        blank=True,
        db_default="",
        db_comment="SHA-256 as 64 lower-case hexadecimal digits; empty when unknown.",
    )
    status = models.TextField(
        choices=Status.choices,
        db_comment="stored: there to be read; pending: not yet; deleted: no longer.",
    )

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        """Table ``attachment``."""

        db_table = "attachment"
        db_table_comment = "A file of a document: where it is and what is known of it."
        constraints = (
            models.CheckConstraint(
                condition=LessThanOrEqual(
                    models.Func(
                        "object_key",
                        function="OCTET_LENGTH",
                        output_field=models.IntegerField(),
                    ),
                    KEY_BYTES,
                ),
                name="attachment_object_key_check",
            ),
            models.CheckConstraint(
                condition=models.Q(size_bytes__gte=0), name="attachment_size_check"
            ),
            models.CheckConstraint(
                condition=models.Q(checksum_sha256__regex="^([0-9a-f]{64})?$"),
                name="attachment_checksum_check",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=("stored", "pending", "deleted")),
                name="attachment_status_check",
            ),
        )
        indexes = (
            models.Index("agency_id", *key_order(), name="attachment_key_order_idx"),
            models.Index(
                fields=("agency", "updated_at"), name="attachment_agency_updated_idx"
            ),
        )

    def __str__(self) -> str:
        """Return where the object is."""
        return f"s3://{self.bucket}/{self.object_key}"
