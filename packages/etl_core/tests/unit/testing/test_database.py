"""Unit tests of :mod:`etl_core.testing.database`."""

import unittest

from etl_core.database import DatabaseClient
from etl_core.errors import ConfigError
from etl_core.testing.contracts import DatabaseContract, NOTHING, NUMBERS
from etl_core.testing.database import FakeDatabase, Statement


class FakeDatabaseContractTest(DatabaseContract, unittest.TestCase):
    """The fake does what every database does."""

    def setUp(self) -> None:
        """Know the statements of the contract."""
        self.client: DatabaseClient = FakeDatabase(
            {
                NOTHING: [],
                NUMBERS: lambda params: [
                    {"n": n}
                    for n in range(1, params["last"] + 1)  # type: ignore[index,call-overload]
                ],
            }
        )


class FakeDatabaseTest(unittest.TestCase):
    """What tests need of the fake beyond the contract."""

    def test_remembers_what_it_was_asked(self) -> None:
        """Statements and parameters are kept in their order."""
        fake = FakeDatabase({NOTHING: []})
        fake.execute_query(NOTHING, {"a": 1})
        list(fake.stream(NOTHING))
        self.assertEqual(
            [Statement(NOTHING, {"a": 1}), Statement(NOTHING, None)], fake.calls
        )

    def test_unknown_statement(self) -> None:
        """A statement without an answer fails the test and is shown."""
        with self.assertRaisesRegex(AssertionError, "no answer for: SELECT 2"):
            FakeDatabase().execute_query("SELECT 2")

    def test_error(self) -> None:
        """An answer may be an error."""
        fake = FakeDatabase({NOTHING: ConfigError("no such table")})
        with self.assertRaisesRegex(ConfigError, "no such table"):
            fake.execute_query(NOTHING)

    def test_rows_are_the_callers_own(self) -> None:
        """Whoever changes a row changes no later answer."""
        fake = FakeDatabase({NOTHING: [{"n": 1}]})
        fake.execute_query(NOTHING)[0]["n"] = 2
        self.assertEqual([{"n": 1}], fake.execute_query(NOTHING))


if __name__ == "__main__":
    unittest.main()
