"""Listings that raise rather than return less than there is."""

from collections.abc import Iterator

from etl_core.errors import DataError
from etl_core.s3.store import ListedObject, ObjectStore


def list_objects(
    store: ObjectStore, bucket: str, prefix: str
) -> Iterator[ListedObject]:
    """Yield every object below a prefix in the order of the UTF-8 bytes of the keys.

    Python compares strings by code point, which is the order of their UTF-8 bytes.

    :raises DataError: when the store does not list in order, as directory buckets
        do not: a merge with such a listing would take objects for missing.
    """
    token: str | None = None
    last = ""
    while True:
        page = store.list_page(bucket, prefix, token)
        for found in page.objects:
            if found.key <= last:
                raise DataError(
                    f"s3://{bucket}/{prefix} is not listed in key order: "
                    f"{found.key!r} after {last!r}; use a general purpose bucket"
                )
            last = found.key
            yield found
        if page.token is None:
            return
        token = page.token
