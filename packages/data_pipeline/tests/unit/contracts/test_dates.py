"""Tests of the formats of dates."""

import unittest

from data_pipeline.contracts.dates import strptime_format


class DatesTest(unittest.TestCase):
    """Patterns of the standard, as strptime has them."""

    def test_patterns(self) -> None:
        """Letters, text in quotes, and what is left as it is."""
        cases = {
            "yyyy-MM-dd'T'HH:mm:ss": "%Y-%m-%dT%H:%M:%S",
            "d.M.yy": "%d.%m.%y",
            "dd/MMM/yyyy:HH:mm:ss Z": "%d/%b/%Y:%H:%M:%S %z",
            "hh 'o''clock' a %": "%I o'clock %p %%",
            "''yyyy": "'%Y",
        }
        for pattern, expected in cases.items():
            self.assertEqual(expected, strptime_format(pattern))

    def test_unknown_parts(self) -> None:
        """They are named."""
        for pattern, said in (("yyyy-QQ", "'QQ'"), ("'T", '"\'T"')):
            with self.assertRaisesRegex(ValueError, said):
                strptime_format(pattern)


if __name__ == "__main__":
    unittest.main()
