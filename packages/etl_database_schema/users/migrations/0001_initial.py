"""Make the ``app_user`` table."""

from django.db import migrations, models
from django.db.models.deletion import PROTECT
from django.db.models.functions import Now


class Migration(migrations.Migration):
    """The first state of the app."""

    initial = True
    dependencies = (("agencies", "0001_initial"),)
    operations = (
        migrations.CreateModel(
            name="AppUser",
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
                        db_index=False,
                        on_delete=PROTECT,
                        related_name="users",
                        db_comment="Agency that the person works for.",
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        max_length=254,
                        db_comment="Address as the person wrote it; "
                        "unique within the agency.",
                    ),
                ),
                ("full_name", models.TextField(db_comment="Name shown to people.")),
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
                "db_table": "app_user",
                "db_table_comment": "A person who works for an agency.",
                "constraints": (
                    models.UniqueConstraint(
                        fields=("agency", "email"), name="app_user_agency_email_key"
                    ),
                    models.UniqueConstraint(
                        fields=("id", "agency"), name="app_user_id_agency_key"
                    ),
                ),
            },
        ),
    )
