"""Keys of attachments: ids make them unique, the file name comes last."""

from data_pipeline.repositories.attachments import AttachmentFile
from etl_core.s3.keys import clean_name, KEY_BYTES


def agency_prefix(prefix: str, agency_id: int) -> str:
    """Return what the keys of all attachments of an agency begin with."""
    folder = f"{prefix}/" if prefix else ""
    return f"{folder}agency_id={agency_id}/"


def attachment_key(prefix: str, file: AttachmentFile) -> str:
    """Return the destination key of an attachment.

    :param prefix: goes in front, without a slash at its end.
    """
    folder = (
        f"{agency_prefix(prefix, file.agency_id)}user_id={file.user_id}/"
        f"document_id={file.document_id}/attachment_id={file.attachment_id}/"
    )
    return folder + clean_name(file.file_name, KEY_BYTES - len(folder.encode()))
