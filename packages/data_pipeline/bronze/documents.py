"""Records of JSON documents, one to a line."""

import codecs
from collections.abc import Iterable, Iterator
import json
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
import re

from data_pipeline.bronze.files import FileRefused
from data_pipeline.contracts.model import Reading

SPACE = re.compile(r"[ \t\r\n]*")
WINDOW = 1024 * 1024


def as_lines(chunks: Iterable[bytes], reading: Reading, path: Path) -> Iterator[bytes]:
    """Yield the records of an array, or of documents one after the other, as lines.

    The text of a record is not changed, but for ends of lines between its parts.

    :raises FileRefused: when the text is no JSON, or ends in the middle.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    texts = (decoder.decode(chunk) for chunk in chunks)
    documents = _Documents(texts, path, reading.line_limit)
    if reading.records:
        yield from _nested(documents, reading.records, path)
        return
    for record in documents.records():
        yield _line(record)


def _line(record: str) -> bytes:
    """Return a record on a line of its own."""
    return record.replace("\r", " ").replace("\n", " ").encode() + b"\n"


def _nested(documents: "_Documents", path: str, file: Path) -> Iterator[bytes]:
    """Yield the records below a path of each document.

    :raises FileRefused: when there is no array.
    """
    for text in documents.records():
        found: object = json.loads(text)
        for step in path.removeprefix("$.").split("."):
            found = found.get(step) if isinstance(found, dict) else None
        if not isinstance(found, list):
            raise FileRefused("no_records", f"{file.name} has no array at {path}")
        for record in found:
            yield _line(json.dumps(record, ensure_ascii=False))


class _Documents:
    """Cuts a text into values, holding one of them.

    :param limit: characters of one value.
    """

    def __init__(self, texts: Iterator[str], path: Path, limit: int) -> None:
        """Read nothing yet."""
        self._texts = texts
        self._name = path.name
        self._limit = limit
        self._text = ""
        self._ended = False
        self._decoder = JSONDecoder(parse_float=str, parse_int=str)

    def records(self) -> Iterator[str]:
        """Yield the text of each value; those of an array one by one."""
        while self._skip():
            if self._text[0] == "[":
                yield from self._array()
            else:
                yield self._value()

    def _array(self) -> Iterator[str]:
        """Yield the values of an array.

        :raises FileRefused: when it ends in the middle, or something else stands there.
        """
        mark = self._punctuation("[")
        while self._expect() != "]" or mark == ",":
            yield self._value()
            if self._expect() == "]":
                break
            mark = self._punctuation(",")
        self._punctuation("]")

    def _punctuation(self, wanted: str) -> str:
        """Take one character.

        :raises FileRefused: when it is another one.
        """
        if self._expect() != wanted:
            raise FileRefused("not_json", f"{self._name} lacks {wanted!r} in an array")
        self._text = self._text[1:]
        return wanted

    def _expect(self) -> str:
        """Return the next character that is no space.

        :raises FileRefused: when there is none.
        """
        if not self._skip():
            raise FileRefused(
                "truncated", f"{self._name} ends in the middle of an array"
            )
        return self._text[0]

    def _skip(self) -> bool:
        """Leave spaces out; tell whether something follows."""
        while True:
            found = SPACE.match(self._text)
            self._text = self._text[found.end() if found else 0 :]
            if self._text:
                return True
            if not self._more():
                return False

    def _more(self) -> bool:
        """Read on; tell whether there was something."""
        for text in self._texts:
            self._text += text
            if text:
                return True
        self._ended = True
        return False

    def _value(self) -> str:
        """Return the text of the next value.

        :raises FileRefused: when it is none, or too long.
        """
        while True:
            try:
                end = self._decoder.raw_decode(self._text)[1]
            except (JSONDecodeError, RecursionError) as error:
                self._require_more(error)
                continue
            # A number at the end may go on in what is not read yet.
            if end == len(self._text) and self._more():
                continue
            text, self._text = self._text[:end], self._text[end:]
            return text

    def _require_more(self, error: Exception) -> None:
        """Read on after a value that is not one yet.

        :raises FileRefused: when it never will be.
        """
        if len(self._text) > self._limit:
            text = f"{self._name} has a value of more than {self._limit:,} characters"
            raise FileRefused("line_too_long", text)
        at = getattr(error, "pos", 0)
        if len(self._text) - at > WINDOW or not self._more():
            cut = at >= len(self._text.rstrip())
            reason = "truncated" if cut else "not_json"
            raise FileRefused(reason, f"{self._name} is no JSON: {error}") from None
