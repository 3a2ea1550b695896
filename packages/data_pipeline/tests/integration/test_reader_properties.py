"""Whatever the bytes are: each record is a row, or its file is refused."""

from collections.abc import Iterator
import csv
import gzip
import io
import json
import unittest

from hypothesis import given, HealthCheck, settings
from hypothesis import strategies as st

from data_pipeline.bronze.files import FileRefused
from data_pipeline.bronze.intake import Intake
from data_pipeline.contracts.model import Contract
from data_pipeline.tests.reader import contract, faults, ReaderTest, Row

EXAMPLES = settings(
    max_examples=25, deadline=None, suppress_health_check=list(HealthCheck)
)
RAW = "[{property: nulls, value: []}, {property: normalize, value: []}]"
THREE = "[{name: a}, {name: b}, {name: c}]"
NO_HEADER = "customProperties: [{property: header, value: false}]"
CSV = contract(f"format: csv, {NO_HEADER}", THREE, RAW)
JSONL = contract("format: jsonl", THREE, RAW)
TEXT = contract(
    "format: text, customProperties: "
    '[{property: pattern, value: "(?P<a>[^ ]*) (?P<b>[^ ]*) (?P<c>.*)"}]',
    THREE,
    RAW,
)
PIECES = st.sampled_from(
    [
        *("a", "b c", ",", ",", '"', '"', "\n", "\n", "\r\n", "\r", "x,y,z\n"),
        *('"p","q",r\n', "\\", "\t", "é", "", '{"a": 1}\n', "[]", "1 2 3\n", ";", "'"),
    ]
)
DIRTY = st.builds(
    lambda pieces, odd: "".join(pieces).encode() + odd,
    st.lists(PIECES, max_size=60),
    st.sampled_from([b"", b"", b"\xff,b,c\n", b"\x00", b"a,\xc3", b"\xef\xbb\xbf"]),
)
FIELD = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc"], exclude_characters="\U0010fffd"
    )
    | st.just("\n"),
    max_size=8,
)
WORD = st.text(st.sampled_from('ab é"\\,'), max_size=5)
JSON_VALUE = st.one_of(
    st.none(), st.booleans(), st.integers(), FIELD, st.lists(WORD, max_size=3)
)


def records_of(data: bytes) -> int:
    """Count lines that are not empty, whatever ends them."""
    text = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    return sum(1 for line in text.replace(b"\r", b"\n").split(b"\n") if line)


class ReaderPropertiesTest(ReaderTest):
    """The reader on files that nobody would write."""

    @EXAMPLES
    @given(DIRTY)
    def test_no_line_of_dirt_is_lost(self, data: bytes) -> None:
        """Of lines without quotes there are as many rows."""
        for rules in (CSV, JSONL, TEXT):
            for rows in self.rows_of(rules, data):
                if rules is not CSV or b'"' not in data:
                    self.assertEqual(records_of(data), len(rows), data)

    @EXAMPLES
    @given(
        st.lists(st.tuples(FIELD, FIELD, FIELD), max_size=20), st.sampled_from("\n ")
    )
    def test_what_is_written_is_read(
        self, written: list[tuple[str, str, str]], end: str
    ) -> None:
        """Fields with delimiters, quotes and ends of lines come back as they were."""
        file = io.StringIO()
        ends = "\r\n" if end == " " else "\n"
        csv.writer(file, lineterminator=ends, quoting=csv.QUOTE_ALL).writerows(written)

        rows = self.read(CSV, file.getvalue().encode())

        self.assertEqual([], faults(rows))
        self.assertEqual(written, [(row["a"], row["b"], row["c"]) for row in rows])

    @EXAMPLES
    @given(st.lists(st.dictionaries(st.sampled_from("abcd"), JSON_VALUE), max_size=10))
    def test_objects_are_read(self, written: list[dict[str, object]]) -> None:
        """As lines and as an array alike."""
        lines = "".join(f"{json.dumps(each)}\n" for each in written)
        array = json.dumps(written, indent=1)
        document = contract("format: json", THREE, RAW)

        plain = self.read(JSONL, lines.encode())
        packed = self.read(document, gzip.compress(array.encode()), "file.gz")

        expected = [_texts(each) for each in written]
        self.assertEqual(expected, [(row["a"], row["b"], row["c"]) for row in plain])
        self.assertEqual(expected, [(row["a"], row["b"], row["c"]) for row in packed])

    @EXAMPLES
    @given(st.lists(st.integers(0, 9), min_size=3, max_size=40), st.integers(0, 30))
    def test_open_quote_costs_one_record(self, numbers: list[int], at: int) -> None:
        """All that stand behind it are there."""
        lines = [f"{each},b,c" for each in numbers]
        bad = at % len(lines)
        lines[bad] = '7,"b,c'

        rows = self.read(CSV, "\n".join(lines).encode())

        self.assertEqual([(bad + 1, None, "quote_not_closed")], faults(rows))
        self.assertEqual(len(lines), len(rows))

    def rows_of(self, rules: Contract, data: bytes) -> Iterator[list[Row]]:
        """Yield the rows of a file; nothing when it is refused as a whole."""
        try:
            yield self.read(rules, data)
        except FileRefused as error:
            self.assertIn(error.reason, ("not_text",))

    def test_mended_file_is_the_same(self) -> None:
        """What the fast way reads without loss, the careful one reads likewise."""
        data = b'1,"x,""y""",z\n2,,\n"3" , "b" ,5" pipe\n4,b,c,\n'
        path = self.file(data)
        intake = Intake(CSV, self.folder)

        fast, careful = (
            self.rows(CSV, intake.take(path, mend=mend)) for mend in (False, True)
        )

        self.assertEqual(fast, careful)


def _texts(record: dict[str, object]) -> tuple[str | None, ...]:
    """Return the fields of an object as texts."""
    return tuple(_json_text(record.get(name)) for name in "abc")


def _json_text(value: object) -> str | None:
    """Return a value as it stands in JSON, a text without its quotes."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    unittest.main()
