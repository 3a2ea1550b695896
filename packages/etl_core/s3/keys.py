"""Object keys: names made safe, and cut to what S3 takes."""

import re

KEY_BYTES = 1024  # S3 User Guide, "Naming Amazon S3 objects": UTF-8, at most 1,024
UNNAMED = "unnamed"
# Control characters, surrogates, line separators and noncharacters: a fixed set, so
# that the key of a name never depends on the version of the Unicode tables.
UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


def clean_name(name: str, limit_bytes: int) -> str:
    """Return a file name that can be the last part of a key.

    A slash becomes an underscore, unsafe characters are left out; ``.``, ``..`` and
    the empty name become ``unnamed``. What is too long is cut in front of the
    extension, between characters.

    :param limit_bytes: how many bytes of UTF-8 the result may have.
    """
    safe = UNSAFE.sub("", name.replace("/", "_"))
    if safe in ("", ".", ".."):
        safe = UNNAMED
    if len(safe.encode()) <= limit_bytes:
        return safe
    stem, dot, extension = safe.rpartition(".")
    ending = dot + extension
    if not stem or len(ending.encode()) >= limit_bytes:
        return _cut(safe, limit_bytes)
    return _cut(stem, limit_bytes - len(ending.encode())) + ending


def _cut(text: str, limit_bytes: int) -> str:
    """Return as much of a text as fits, in whole characters."""
    return text.encode()[:limit_bytes].decode(errors="ignore")
