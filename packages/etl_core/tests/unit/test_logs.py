"""Tests of the structured logs."""

from contextlib import redirect_stderr
import io
import json
import logging
import unittest
from unittest import mock

from etl_core import logs
from etl_core.errors import ConfigError


class LogsTest(unittest.TestCase):
    """A logger whose lines the test reads."""

    def setUp(self) -> None:
        """Take stderr and configure JSON."""
        self.stderr = io.StringIO()
        redirection = redirect_stderr(self.stderr)
        redirection.__enter__()
        self.addCleanup(redirection.__exit__, None, None, None)
        self.addCleanup(logs.set_level, "info")
        logs.configure(level="info", interactive=False)
        self.logger = logs.get_logger()

    def lines(self) -> list[dict[str, object]]:
        """Return the JSON lines so far."""
        return [json.loads(line) for line in self.stderr.getvalue().splitlines()]

    def test_line_is_one_json_object(self) -> None:
        """With message, level, time and facts."""
        self.logger.info("unit done", size=7, name="a\nb")

        (line,) = self.lines()
        self.assertRegex(str(line.pop("time")), r"^\d{4}-\d\d-\d\dT[\d:.]+Z$")
        self.assertEqual(
            {"event": "unit done", "level": "info", "size": 7, "name": "a\nb"}, line
        )

    def test_level_is_respected(self) -> None:
        """Debug lines come only when asked for."""
        self.logger.debug("detail")
        self.assertEqual([], self.lines())
        logs.set_level("debug")
        self.logger.debug("detail")

        self.assertEqual(1, len(self.lines()))

    def test_level_comes_from_the_environment(self) -> None:
        """Upper case will do."""
        with mock.patch.dict("os.environ", {"ETL_LOG_LEVEL": "ERROR"}):
            logs.configure(interactive=False)
        self.logger.warning("careful")
        self.logger.error("torn")

        self.assertEqual(["torn"], [line["event"] for line in self.lines()])

    def test_level_that_is_none_is_refused(self) -> None:
        """The message lists the levels."""
        with self.assertRaisesRegex(ConfigError, "'loud'; use debug, info, warning"):
            logs.configure(level="loud")

    def test_libraries_go_the_same_way(self) -> None:
        """From warning on, whatever our own level is."""
        logs.set_level("debug")
        library = logging.getLogger("botocore.example")
        library.debug("authorization header")
        library.info("found credentials")
        library.warning("retrying %s", "GET")

        (line,) = self.lines()
        self.assertEqual("retrying GET", line["event"])
        self.assertEqual("botocore.example", line["logger"])

    def test_line_that_cannot_be_made_ends_nothing(self) -> None:
        """A library that logs nonsense is told so, and the next line comes."""
        logging.getLogger("odd").warning("%d units", "many")
        self.logger.info("still here")

        self.assertIn("--- Logging error ---", self.stderr.getvalue())
        self.assertIn('"still here"', self.stderr.getvalue())

    def test_configuring_again_doubles_nothing(self) -> None:
        """One line stays one line."""
        logs.configure(level="info", interactive=False)
        self.logger.info("once")

        self.assertEqual(1, len(self.lines()))

    def test_facts_are_bound_for_a_while(self) -> None:
        """Job and run are on every line, those of libraries included."""
        with logs.correlation(job="x"):
            logs.bind(run_id="r1")
            self.logger.info("inside")
            logging.getLogger("urllib3").warning("inside")
        self.logger.info("outside")

        first, second, third = self.lines()
        self.assertEqual(("x", "r1"), (first["job"], first["run_id"]))
        self.assertEqual(("x", "r1"), (second["job"], second["run_id"]))
        self.assertNotIn("job", third)
        self.assertNotIn("run_id", third)

    def test_traceback_is_part_of_the_line(self) -> None:
        """One line, the traceback a text in it."""
        try:
            raise KeyError("missing")
        except KeyError:
            self.logger.exception("failed")

        (line,) = self.lines()
        self.assertIn("KeyError: 'missing'", str(line["exception"]))

    def test_line_for_people_is_no_json(self) -> None:
        """On a terminal the message comes first."""
        with mock.patch.dict("os.environ", {"NO_COLOR": "1"}):
            logs.configure(level="info", interactive=True)
        self.logger.info("unit done", size=7)

        self.assertRegex(
            self.stderr.getvalue(), r"^\S+Z \[info +\] unit done +size=7\n$"
        )

    def test_values_with_secret_names_are_masked(self) -> None:
        """At any depth."""
        self.logger.info(
            "connect",
            password="p",
            AWS_SECRET_ACCESS_KEY="p",
            session_token="p",
            headers={"Authorization": "p", "Accept": "json"},
            attempts=[{"credential": "p"}],
            token_list=["p"],
        )

        (line,) = self.lines()
        self.assertEqual("***", line["password"])
        self.assertEqual({"Authorization": "***", "Accept": "json"}, line["headers"])
        self.assertEqual([{"credential": "***"}], line["attempts"])
        self.assertNotIn('"p"', self.stderr.getvalue())

    def test_secrets_inside_texts_are_masked(self) -> None:
        """In URLs, assignments and headers; nothing else is touched."""
        for text, expected in {
            "postgresql://app:p@ss@db:5432/x": "postgresql://***@db:5432/x",
            "https://token@host/path": "https://***@host/path",
            "host=db password=hunter2 user=app": "host=db password=*** user=app",
            "GET /x?X-Amz-Signature=abc&a=1": "GET /x?X-Amz-Signature=***&a=1",
            "'Authorization': 'Bearer abc'": "'Authorization': '***'",
            "s3://bucket/user@example.com/x": "s3://bucket/user@example.com/x",
            "http://host:9000/a@b": "http://host:9000/a@b",
            "DATABASE_PASSWORD: required": "DATABASE_PASSWORD: required",
        }.items():
            with self.subTest(text):
                self.assertEqual(expected, logs.clean_text(text))

    def test_secrets_in_a_traceback_are_masked(self) -> None:
        """A driver may put its connection string into the message."""
        try:
            raise ValueError("cannot reach amqp://app:hunter2@queue")
        except ValueError:
            self.logger.exception("failed")

        self.assertIn("amqp://***@queue", self.stderr.getvalue())
        self.assertNotIn("hunter2", self.stderr.getvalue())


if __name__ == "__main__":
    unittest.main()
