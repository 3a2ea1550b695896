"""Make the ``user_document`` and ``attachment`` tables."""

from django.db import migrations, models
from django.db.models.deletion import DO_NOTHING, PROTECT
from django.db.models.functions import Cast, Collate, Now
from django.db.models.lookups import LessThanOrEqual


class Migration(migrations.Migration):
    """The first state of the app."""

    initial = True
    dependencies = (("agencies", "0001_initial"), ("users", "0001_initial"))
    operations = (
        migrations.CreateModel(
            name="UserDocument",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        primary_key=True,
                        serialize=False,
                        db_comment="Identity key, given out by the database.",
                    ),
                ),
                (
                    "agency",
                    models.ForeignKey(
                        to="agencies.agency",
                        db_constraint=False,
                        db_index=False,
                        on_delete=DO_NOTHING,
                        related_name="documents",
                        db_comment="Agency of the user; a copy, "
                        "kept true by a composite key.",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        to="users.appuser",
                        db_constraint=False,
                        on_delete=PROTECT,
                        related_name="documents",
                        db_comment="User who keeps the document.",
                    ),
                ),
                ("title", models.TextField(db_comment="Title shown to people.")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=Now(),
                        editable=False,
                        db_comment="When the row was inserted.",
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        auto_now=True,
                        db_default=Now(),
                        db_comment="When the row was last written; "
                        "what incremental runs select by.",
                    ),
                ),
            ],
            options={
                "db_table": "user_document",
                "db_table_comment": "A document that a user keeps, "
                "with its attachments.",
                "constraints": (
                    models.UniqueConstraint(
                        fields=("id", "user", "agency"),
                        name="user_document_id_user_agency_key",
                    ),
                ),
            },
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        primary_key=True,
                        serialize=False,
                        db_comment="Identity key, given out by the database.",
                    ),
                ),
                (
                    "agency",
                    models.ForeignKey(
                        to="agencies.agency",
                        db_constraint=False,
                        db_index=False,
                        on_delete=DO_NOTHING,
                        related_name="attachments",
                        db_comment="Agency of the document; a copy, "
                        "kept true by a composite key.",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        to="users.appuser",
                        db_constraint=False,
                        db_index=False,
                        on_delete=DO_NOTHING,
                        related_name="attachments",
                        db_comment="User of the document; a copy, "
                        "kept true by a composite key.",
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        to="documents.userdocument",
                        db_constraint=False,
                        on_delete=PROTECT,
                        related_name="attachments",
                        db_comment="Document that the file belongs to.",
                    ),
                ),
                (
                    "bucket",
                    models.TextField(db_comment="Bucket that holds the object."),
                ),
                (
                    "object_key",
                    models.TextField(
                        db_comment="Key of the object; at most 1,024 bytes of UTF-8."
                    ),
                ),
                (
                    "file_name",
                    models.TextField(
                        blank=True,
                        db_comment="Name as it was uploaded; "
                        "may be empty, hostile or not unique.",
                    ),
                ),
                (
                    "content_type",
                    models.TextField(
                        blank=True,
                        db_default="",
                        db_comment="Media type; empty when unknown.",
                    ),
                ),
                (
                    "size_bytes",
                    models.BigIntegerField(
                        blank=True,
                        null=True,
                        db_comment="Size of the object; null when unknown.",
                    ),
                ),
                (
                    "checksum_sha256",
                    models.TextField(
                        blank=True,
                        db_default="",
                        db_comment="SHA-256 as 64 lower-case hexadecimal digits; "
                        "empty when unknown.",
                    ),
                ),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("stored", "Stored"),
                            ("pending", "Pending"),
                            ("deleted", "Deleted"),
                        ],
                        db_comment="stored: there to be read; pending: not yet; "
                        "deleted: no longer.",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=Now(),
                        editable=False,
                        db_comment="When the row was inserted.",
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        auto_now=True,
                        db_default=Now(),
                        db_comment="When the row was last written; "
                        "what incremental runs select by.",
                    ),
                ),
            ],
            options={
                "db_table": "attachment",
                "db_table_comment": "A file of a document: where it is "
                "and what is known of it.",
                "constraints": (
                    models.CheckConstraint(
                        condition=LessThanOrEqual(
                            models.Func(
                                "object_key",
                                function="OCTET_LENGTH",
                                output_field=models.IntegerField(),
                            ),
                            1024,
                        ),
                        name="attachment_object_key_check",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(size_bytes__gte=0),
                        name="attachment_size_check",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(checksum_sha256__regex="^([0-9a-f]{64})?$"),
                        name="attachment_checksum_check",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(status__in=("stored", "pending", "deleted")),
                        name="attachment_status_check",
                    ),
                ),
                "indexes": (
                    models.Index(
                        "agency_id",
                        Collate(Cast("user_id", models.TextField()), "C"),
                        Collate(Cast("document_id", models.TextField()), "C"),
                        Collate(Cast("id", models.TextField()), "C"),
                        name="attachment_key_order_idx",
                    ),
                    models.Index(
                        fields=("agency", "updated_at"),
                        name="attachment_agency_updated_idx",
                    ),
                ),
            },
        ),
    )
