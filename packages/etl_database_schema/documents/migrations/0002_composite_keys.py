"""Tie the copies of user and agency to the rows that they were copied from."""

from django.db import migrations

USER_DOCUMENT_KEY = """
    ALTER TABLE user_document
    ADD CONSTRAINT user_document_user_agency_fkey
    FOREIGN KEY (user_id, agency_id) REFERENCES app_user (id, agency_id)
"""
DROP_USER_DOCUMENT_KEY = """
    ALTER TABLE user_document DROP CONSTRAINT user_document_user_agency_fkey
"""
ATTACHMENT_KEY = """
    ALTER TABLE attachment
    ADD CONSTRAINT attachment_document_user_agency_fkey
    FOREIGN KEY (document_id, user_id, agency_id)
    REFERENCES user_document (id, user_id, agency_id)
"""
DROP_ATTACHMENT_KEY = """
    ALTER TABLE attachment DROP CONSTRAINT attachment_document_user_agency_fkey
"""


class Migration(migrations.Migration):
    """Add the foreign keys that Django's models cannot declare."""

    dependencies = (("documents", "0001_initial"),)
    operations = (
        migrations.RunSQL(USER_DOCUMENT_KEY, DROP_USER_DOCUMENT_KEY),
        migrations.RunSQL(ATTACHMENT_KEY, DROP_ATTACHMENT_KEY),
    )
