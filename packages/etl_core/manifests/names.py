"""Names of objects that stay the same for the same content."""

from collections.abc import Iterable
import hashlib
import json
import re

DIGEST_LENGTH = 10
# Kubernetes: a pod of an Indexed Job is named after the Job and its index, and what a
# CronJob starts is named after it and the minute.
LONGEST = 63
MINUTE_LENGTH = 11


def object_name(
    words: Iterable[str], content: object, shards: int | None = None
) -> str:
    """Return a name: words for people, and a digest of the content.

    A Job cannot be changed once it is there. Its name holds the digest of all that
    it is made of, so that another content is another Job and never a refused one.

    :param words: job, and what tells it from its siblings.
    :param content: what JSON can hold.
    :param shards: of an Indexed Job, whose pods need room for their index.
    """
    index_length = len(f"-{shards - 1}") if shards else 0
    return _named(words, content, LONGEST - index_length)


def lasting_name(
    words: Iterable[str], content: object, shards: int | None = None
) -> str:
    """Return the name of what can be changed in place and starts Jobs by the minute."""
    index_length = len(f"-{shards - 1}") if shards else 0
    return _named(words, content, LONGEST - MINUTE_LENGTH - index_length)


def plain(text: str) -> str:
    """Return a text as a part of a name: lower case, digits and single dashes."""
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")


def digest(content: object) -> str:
    """Return a few hexadecimal digits that stand for a content."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:DIGEST_LENGTH]


def _named(words: Iterable[str], content: object, longest: int) -> str:
    """Put words and digest together, the words cut to the room there is."""
    text = "-".join(filter(None, map(plain, words)))[: longest - DIGEST_LENGTH - 1]
    return "-".join(filter(None, (text.rstrip("-"), digest(content))))
