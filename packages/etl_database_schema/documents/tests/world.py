"""Rows that the tests of this app start from."""

from etl_database_schema.agencies.models import Agency
from etl_database_schema.documents.models import Attachment, UserDocument
from etl_database_schema.tests.database import ALIAS
from etl_database_schema.users.models import AppUser


def add_user(agency: Agency) -> AppUser:
    """Insert a user of the agency."""
    email = f"{AppUser.objects.using(ALIAS).count()}@example.com"
    return AppUser.objects.using(ALIAS).create(
        agency=agency, email=email, full_name="Ada"
    )


def add_document(user: AppUser) -> UserDocument:
    """Insert a document of the user."""
    return UserDocument.objects.using(ALIAS).create(
        agency_id=user.agency_id, user=user, title="Contract"
    )


def add_attachment(document: UserDocument, **values: object) -> Attachment:
    """Insert a stored file of the document, with some values of its own."""
    usual = {
        "agency_id": document.agency_id,
        "user_id": document.user_id,
        "document": document,
        "bucket": "source",
        "object_key": "uploads/1",
        "file_name": "scan.pdf",
        "status": Attachment.Status.STORED,
    }
    return Attachment.objects.using(ALIAS).create(**{**usual, **values})
