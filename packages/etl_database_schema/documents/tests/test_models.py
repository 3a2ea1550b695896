"""The ``user_document`` and ``attachment`` tables as the database keeps them."""

from datetime import timedelta
import unittest

from django.db.models import ProtectedError

from etl_database_schema.agencies.models import Agency
from etl_database_schema.documents.models import Attachment
from etl_database_schema.documents.tests.world import (
    add_attachment,
    add_document,
    add_user,
)
from etl_database_schema.tests.database import ALIAS, DatabaseTestCase

DOCUMENT_KEY = "user_document_user_agency_fkey"
ATTACHMENT_KEY = "attachment_document_user_agency_fkey"


class CopiedKeysTest(DatabaseTestCase):
    """Two users of one agency, a user of another, a document of each."""

    def setUp(self) -> None:
        """Make agencies, users and documents."""
        super().setUp()
        north = Agency.objects.using(ALIAS).create(name="North")
        self.south = Agency.objects.using(ALIAS).create(name="South")
        self.user = add_user(north)
        self.colleague = add_user(north)
        self.stranger = add_user(self.south)
        self.document = add_document(self.user)

    def test_a_document_has_the_agency_of_its_user(self) -> None:
        """A document cannot claim another agency."""
        with self.refused_by(DOCUMENT_KEY):
            self.query(
                "INSERT INTO user_document (agency_id, user_id, title) "
                "VALUES (%s, %s, 'x')",
                self.south.id,
                self.user.id,
            )

    def test_a_document_needs_its_user(self) -> None:
        """A document of nobody is refused."""
        with self.refused_by(DOCUMENT_KEY):
            self.document.__class__.objects.using(ALIAS).update(user_id=0)

    def test_an_attachment_has_the_agency_of_its_document(self) -> None:
        """An attachment cannot claim another agency."""
        with self.refused_by(ATTACHMENT_KEY):
            add_attachment(self.document, agency_id=self.south.id)

    def test_an_attachment_has_the_user_of_its_document(self) -> None:
        """An attachment cannot claim a colleague, though the agency is the same."""
        with self.refused_by(ATTACHMENT_KEY):
            add_attachment(self.document, user_id=self.colleague.id)

    def test_an_attachment_needs_its_document(self) -> None:
        """An attachment of no document is refused."""
        with self.refused_by(ATTACHMENT_KEY):
            add_attachment(self.document, document_id=0)

    def test_a_document_does_not_change_hands_under_its_files(self) -> None:
        """The copies in the attachments hold the document with its user."""
        add_attachment(self.document)
        with self.refused_by(ATTACHMENT_KEY):
            self.document.user = self.colleague
            self.document.save()

    def test_what_is_referred_to_stays(self) -> None:
        """Neither a user with documents nor a document with files is removed."""
        add_attachment(self.document)
        for row in (self.user, self.document):
            with self.subTest(row=row), self.assertRaises(ProtectedError):
                row.delete()
        with self.refused_by(ATTACHMENT_KEY):
            self.query("DELETE FROM user_document")
        with self.refused_by(DOCUMENT_KEY):
            self.query("DELETE FROM app_user")

    def test_a_user_without_documents_goes(self) -> None:
        """Nothing else holds a user."""
        self.stranger.delete()
        self.assertEqual([], list(self.south.users.using(ALIAS)))

    def test_a_document_is_called_by_its_title(self) -> None:
        """The text of a document is its title."""
        self.assertEqual("Contract", str(self.document))


class AttachmentTest(DatabaseTestCase):
    """One document without files."""

    def setUp(self) -> None:
        """Make the document."""
        super().setUp()
        agency = Agency.objects.using(ALIAS).create(name="North")
        self.document = add_document(add_user(agency))

    def test_a_plain_insert_leaves_out_what_is_unknown(self) -> None:
        """Times, media type and checksum have defaults, the size is null."""
        ((content_type, size, checksum, created, updated),) = self.query(
            "INSERT INTO attachment (agency_id, user_id, document_id, bucket, "
            "object_key, file_name, status) VALUES (%s, %s, %s, 'b', 'k', '', 'stored')"
            "RETURNING content_type, size_bytes, checksum_sha256, created_at, "
            "updated_at",
            self.document.agency_id,
            self.document.user_id,
            self.document.id,
        )
        self.assertEqual(("", None, ""), (content_type, size, checksum))
        self.assertEqual(created, updated)

    def test_any_file_name_is_kept_as_it_came(self) -> None:
        """Hostile names are the reader's business, not the database's."""
        names = [
            "",
            "../../etc/passwd",
            "a\nb\t\x01",
            "été \U0001f4ce.pdf",
            ".",
            "x" * 5000,
        ]
        for name in names:
            with self.subTest(name=name[:20]):
                row = add_attachment(self.document, file_name=name)
                row.refresh_from_db()
                self.assertEqual(name, row.file_name)

    def test_a_file_name_is_not_null(self) -> None:
        """No name is the empty name."""
        with self.refused_by("file_name"):
            add_attachment(self.document, file_name=None)

    def test_a_key_has_at_most_1024_bytes(self) -> None:
        """Bytes count, not characters."""
        fitting = add_attachment(self.document, object_key="é" * 512)
        self.assertEqual(f"s3://source/{'é' * 512}", str(fitting))
        for key in ("é" * 512 + "x", "x" * 1025):
            with self.refused_by("attachment_object_key_check", key[:2]):
                add_attachment(self.document, object_key=key)

    def test_a_size_is_never_negative(self) -> None:
        """Nothing, zero and five tebibytes are sizes; minus one is not."""
        for size in (None, 0, 5 * 2**40):
            with self.subTest(size=size):
                self.assertEqual(
                    size, add_attachment(self.document, size_bytes=size).size_bytes
                )
        with self.refused_by("attachment_size_check"):
            add_attachment(self.document, size_bytes=-1)

    def test_a_checksum_is_64_lower_case_digits_or_empty(self) -> None:
        """One spelling, so that equal checksums are equal texts."""
        add_attachment(self.document, checksum_sha256="0f" * 32)
        add_attachment(self.document, checksum_sha256="")
        for wrong in ("0F" * 32, "0f" * 31, "0f" * 33, "zz" * 32, "0f" * 32 + "\n"):
            with self.refused_by("attachment_checksum_check", wrong):
                add_attachment(self.document, checksum_sha256=wrong)

    def test_a_status_is_one_of_three(self) -> None:
        """The constraint allows what the model names, and nothing else."""
        for status in Attachment.Status:
            with self.subTest(status=status):
                add_attachment(self.document, status=status)
        for wrong in ("", "Stored", "lost"):
            with self.refused_by("attachment_status_check", wrong):
                add_attachment(self.document, status=wrong)

    def test_a_range_of_changes_is_half_open(self) -> None:
        """The start belongs to the range and the end does not."""
        row = add_attachment(self.document)
        instant, step = row.updated_at, timedelta(microseconds=1)
        rows = Attachment.objects.using(ALIAS)
        self.assertEqual([row], list(rows.changed(instant, instant + step)))
        self.assertEqual([], list(rows.changed(instant - step, instant)))


if __name__ == "__main__":
    unittest.main()
