"""Normalizations in SQL agree with the same in plain Python, for any text."""

from collections.abc import Callable
import csv
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
import io
import re
import unicodedata
import unittest

from hypothesis import example, given, HealthCheck, settings
from hypothesis import strategies as st

from data_pipeline.contracts.model import Contract
from data_pipeline.tests.reader import contract, ReaderTest

EXAMPLES = settings(
    max_examples=20, deadline=None, suppress_health_check=list(HealthCheck)
)
NO_HEADER = "format: csv, customProperties: [{property: header, value: false}]"
BAD = "(not a value)"
Oracle = Callable[[str], object]


def one(column: str) -> Contract:
    """Return a contract of one column, beside a number."""
    return contract(NO_HEADER, f"[{{name: n}}, {{name: v, {column}}}]")


def digits(text: str, form: str, most: int) -> object:
    """Return a number when a text has a form and few enough digits."""
    clean = text.strip(" ")
    if not re.fullmatch(form, clean, re.ASCII):
        return BAD
    value = Decimal(clean)
    return value if value.copy_abs() < Decimal(10) ** most else BAD


def whole(text: str) -> object:
    """Return a whole number of 64 bits."""
    clean = text.strip(" ")
    if not re.fullmatch("[+-]?[0-9]+", clean):
        return BAD
    value = int(clean)
    return value if -(2**63) <= value < 2**63 else BAD


def money(text: str) -> object:
    """Return an amount as it is written in German."""
    clean = text.strip(" ").replace("€", "").strip(" ")
    if not re.fullmatch(
        r"[+-]?([0-9]{1,3}([.][0-9]{3})+|[0-9]+)(,[0-9]{0,2}0*)?", clean
    ):
        return BAD
    value = Decimal(clean.replace(".", "").replace(",", "."))
    return value if abs(value) < Decimal(10) ** 10 else BAD


def day(text: str) -> object:
    """Return a date as it is written in German."""
    clean = text.strip(" ")
    if not re.fullmatch(r"[0-9]{1,2}[.][0-9]{1,2}[.][0-9]{4}", clean):
        return BAD
    parts = [int(each) for each in clean.split(".")]
    try:
        found = date(parts[2], parts[1], parts[0])
    except ValueError:
        return BAD
    return found if found.year > 999 else BAD


def instant(text: str) -> object:
    """Return a time with its offset, in UTC."""
    clean = text.strip(" ")
    form = r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(Z|[+-]\d\d:\d\d)"
    found = re.fullmatch(form, clean, re.ASCII)
    if not found:
        return BAD
    try:
        moment = datetime.fromisoformat(
            f"{found[1]}T{found[2]}{found[3].replace('Z', '+00:00')}"
        )
        return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S+00")
    except (ValueError, OverflowError):
        return BAD


def truth(text: str) -> object:
    """Return yes or no."""
    return {"ja": True, "nein": False}.get(text.strip(" ").lower(), BAD)


def phone(text: str) -> object:
    """Return a telephone number of Germany, or of the world."""
    bare = re.sub("[^0-9+]|[(]0[)]", "", text)
    world = re.sub("^0", "+49", re.sub("^00", "+", bare))
    return world if re.fullmatch("[+][1-9][0-9]{6,14}", world) else BAD


class ValuePropertiesTest(ReaderTest):
    """Each kind of value, against an oracle."""

    def assert_agrees(self, rules: Contract, texts: list[str], oracle: Oracle) -> None:
        """Read texts as a column, and compare each with what the oracle says."""
        file = io.StringIO()
        rows = [(f"r{at}", text) for at, text in enumerate(texts)]
        csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)

        found = self.read(rules, file.getvalue().encode())

        self.assertEqual(len(texts), len(found))
        for text, row in zip(texts, found, strict=True):
            expected = None if not text.strip(" ") else oracle(text)
            value = BAD if row["_violations"] else row["v"]
            self.assertEqual(expected, value, text)

    @EXAMPLES
    @example(["12.7", "1e3", "1_000", "0x1F", " 12 ", "12.", "٣", "+5", "-0", "007"])
    @example([str(2**63), str(-(2**63)), "9" * 30])
    @given(st.lists(st.from_regex(r"[ ]?[+-]?[0-9._exE ]{0,20}", fullmatch=True)))
    def test_whole_numbers(self, texts: list[str]) -> None:
        """Nothing is rounded, and no form of a programming language is a number."""
        self.assert_agrees(one("logicalType: integer"), texts, whole)

    @EXAMPLES
    @example(["1.005", "1.00", "1.0000", ".5", "5.", ".", "1e2", "nan", "inf", "1,5"])
    @example(["9999999999.99", "10000000000", "-9999999999.990", ".123", "+.10"])
    @given(
        st.lists(st.from_regex(r"[ ]?[+-]?[0-9]{0,12}[.]?[0-9]{0,4}", fullmatch=True))
    )
    def test_decimals(self, texts: list[str]) -> None:
        """A digit that the column cannot keep makes it no value."""
        form = r"[+-]?([0-9]+([.][0-9]{0,2}0*)?|[.][0-9]{1,2}0*)"
        rules = one("logicalType: number, physicalType: 'decimal(12,2)'")
        self.assert_agrees(rules, texts, lambda text: digits(text, form, 10))

    @EXAMPLES
    @example(
        ["1.234,56 €", "12.34", "1.2345", "1234,5", "1,234.56", "€ 5", "1.000.000"]
    )
    @given(
        st.lists(
            st.from_regex(r"[+-]?[0-9.]{0,9}(,[0-9]{0,3})?[ €]{0,2}", fullmatch=True)
        )
    )
    def test_money(self, texts: list[str]) -> None:
        """A group of other than three digits is no thousand."""
        rules = one(
            "logicalType: number, physicalType: 'decimal(12,2)', customProperties: "
            "[{property: decimalPoint, value: ','}, {property: thousands, value: .},"
            " {property: remove, value: [€]}]"
        )
        self.assert_agrees(rules, texts, money)

    @EXAMPLES
    @example(
        ["31.02.2024", "29.02.2024", "1.2.2024", "01.02.24", "01/02/2024", "0.1.2024"]
    )
    @given(
        st.lists(st.from_regex(r"[0-9]{1,2}[.][0-9]{1,2}[.][0-9]{2,4}", fullmatch=True))
    )
    def test_dates(self, texts: list[str]) -> None:
        """A day that is not in the calendar is none, nor are two digits a year."""
        rules = one("logicalType: date, logicalTypeOptions: {format: dd.MM.yyyy}")
        self.assert_agrees(rules, texts, day)

    @EXAMPLES
    @example([datetime(2024, 3, 31, 1, 30, tzinfo=timezone.utc)])
    @given(
        st.lists(
            st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(
                lambda it: it.replace(microsecond=0, tzinfo=timezone.utc)
            )
        )
    )
    def test_instants(self, moments: list[datetime]) -> None:
        """Times with an offset are the same moment in UTC."""
        zone = timezone(timedelta(hours=5, minutes=30))
        texts = [it.astimezone(zone).isoformat() for it in moments]
        texts += ["2024-01-01T25:00:00Z", "2024-01-01 00:00:00+02:00", "yesterday"]
        rules = one("logicalType: timestamp, logicalTypeOptions: {timezone: true}")
        self.assert_agrees(rules, texts, instant)

    @EXAMPLES
    @given(st.lists(st.sampled_from(["ja", "Ja", " NEIN", "nein ", "j", "1", "true"])))
    def test_truths(self, texts: list[str]) -> None:
        """Only the spellings that the contract names are true or false."""
        rules = one(
            "logicalType: boolean, customProperties: "
            '[{property: truths, value: {"true": [Ja], "false": [Nein]}}]'
        )
        self.assert_agrees(rules, texts, truth)

    @EXAMPLES
    @example(["030 / 12 34 56-7", "+49 (0)30 1234567", "0049 30 1234567", "110", "abc"])
    @given(st.lists(st.from_regex(r"[+0]?[0-9 ()/-]{0,18}", fullmatch=True)))
    def test_phones(self, texts: list[str]) -> None:
        """A national number gets the code of its country."""
        rules = one(
            "logicalTypeOptions: {format: phone}, customProperties: "
            "[{property: normalize, value: ['phone:49']}]"
        )

        def found(text: str) -> object:
            # A text of nothing but other characters is empty after the step.
            bare = re.sub("[^0-9+]|[(]0[)]", "", text)
            return phone(text) if bare else None

        self.assert_agrees(rules, texts, found)

    @EXAMPLES
    @given(st.lists(st.text(st.sampled_from("aB \u00a0\u2003éEe\u0301Z-"))))
    def test_texts(self, texts: list[str]) -> None:
        """Spaces go, letters get small, and a composed letter is one character."""
        rules = one(
            "customProperties: [{property: normalize, "
            "value: [strip, collapse, lower, nfc]}]"
        )

        def clean(text: str) -> str | None:
            short = re.sub(r"\s+", " ", text.strip()).lower()
            return unicodedata.normalize("NFC", short) or None

        self.assert_agrees(rules, texts, clean)


if __name__ == "__main__":
    unittest.main()
