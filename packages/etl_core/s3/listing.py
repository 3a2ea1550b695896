"""Listings that raise rather than return less than there is."""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from itertools import chain, islice, pairwise

from etl_core.errors import DataError
from etl_core.s3.store import ListedObject, ListPage, ObjectStore

RANGES_AHEAD = 4

Ask = Callable[..., ListPage]


def list_objects(
    store: ObjectStore, bucket: str, prefix: str, marks: Sequence[str] = ()
) -> Iterator[ListedObject]:
    """Yield every object below a prefix in the order of the UTF-8 bytes of the keys.

    Python compares strings by code point, which is the order of their UTF-8 bytes.

    :param marks: rising keys, about a page from each other; the ranges between them
        are listed some at a time. Without any, page follows page.
    :raises DataError: when the store does not list in order, as directory buckets
        do not: a merge with such a listing would take objects for missing.
    """
    ask = partial(store.list_page, bucket, prefix)
    pages = _by_ranges(ask, marks) if marks else _one_by_one(ask, ask())
    last = ""
    for found in chain.from_iterable(pages):
        if found.key <= last:
            raise DataError(
                f"s3://{bucket}/{prefix} is not listed in key order: "
                f"{found.key!r} after {last!r}; use a general purpose bucket"
            )
        last = found.key
        yield found


def _one_by_one(
    ask: Ask, page: ListPage, end: str | None = None
) -> Generator[Sequence[ListedObject], None, bool]:
    """Yield a page and those after it, up to the key where the range ends.

    :returns: whether there is more behind the range.
    """
    while page.token is not None:
        if end is not None and page.objects and page.objects[-1].key >= end:
            yield [found for found in page.objects if found.key <= end]
            return True
        yield page.objects
        page = ask(page.token)
    # Nothing comes after it: what lies behind the range is here already.
    yield page.objects
    return False


def _by_ranges(ask: Ask, marks: Sequence[str]) -> Iterator[Sequence[ListedObject]]:
    """Yield the pages of all ranges in order, while the next are being asked for."""
    ranges = pairwise(chain([None], marks, [None]))
    asked: deque[tuple[Future[ListPage], str | None]] = deque()
    pool = ThreadPoolExecutor(RANGES_AHEAD, "etl_listing")

    def ask_ahead(count: int) -> None:
        """Ask for the first page of some more ranges."""
        for start, end in islice(ranges, count):
            first = pool.submit(copy_context().run, ask, None, start)
            asked.append((first, end))

    try:
        ask_ahead(RANGES_AHEAD)
        more = True
        while asked and more:
            first, end = asked.popleft()
            page = first.result()
            ask_ahead(1)
            more = yield from _one_by_one(ask, page, end)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
