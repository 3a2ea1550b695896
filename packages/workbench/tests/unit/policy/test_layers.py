"""Which way the arrows point."""

import unittest

from workbench.tests.unit.policy.repository import RuleTest

CORE = "packages/etl_core"


class LayersTest(RuleTest):
    """Rooms and modules among one another."""

    def test_upward_in_core(self) -> None:
        """S3 does not import runs, runs may import S3."""
        red = {
            f"{CORE}/s3/copies.py": "from etl_core.runs import ledger\n",
            f"{CORE}/runs/ledger.py": "",
        }
        self.assert_red("design arrows-down", red, "s3 imports runs")
        green = {
            f"{CORE}/s3/copies.py": "",
            f"{CORE}/runs/ledger.py": "from etl_core.s3.copies import Copy\n",
        }
        self.assert_green("design arrows-down", green)

    def test_upward_through_a_third(self) -> None:
        """An upward arrow is found when it goes through a room without a height."""
        red = {
            f"{CORE}/errors.py": "from etl_core.support import breaker\n",
            f"{CORE}/support/breaker.py": "import etl_core.dispatch\n",
            f"{CORE}/dispatch.py": "",
        }
        self.assert_red("design arrows-down", red, "dispatch")

    def test_rooms_side_by_side(self) -> None:
        """S3 and database know nothing of each other; config and errors may."""
        red = {
            f"{CORE}/s3/copies.py": "from etl_core import database\n",
            f"{CORE}/database.py": "",
        }
        self.assert_red("design arrows-down", red, "s3 imports database")
        green = {
            f"{CORE}/config.py": "from etl_core.errors import ConfigError\n",
            f"{CORE}/errors.py": "",
        }
        self.assert_green("design arrows-down", green)

    def test_upward_in_a_job_module(self) -> None:
        """A repository does not import a processor, a job may."""
        text = "from sender.processors import post\n"
        files = {"packages/sender/processors/post.py": ""}
        red = {**files, "packages/sender/repositories/letters.py": text}
        self.assert_red("design arrows-down", red, "repositories imports processors")
        green = {**files, "packages/sender/jobs/parcels.py": text}
        self.assert_green("design arrows-down", green)

    def test_circle(self) -> None:
        """A circle of imports is found once, with the way around."""
        red = {
            "packages/sender/a.py": "import sender.b\n",
            "packages/sender/b.py": "from sender import c\n",
            "packages/sender/c.py": "from sender.a import d\n",
        }
        self.assert_red("design circles", red, "sender.a -> sender.b -> sender.c")
        green = {**red, "packages/sender/c.py": ""}
        self.assert_green("design circles", green)

    def test_circle_for_type_checkers(self) -> None:
        """A circle that only type checkers walk is none."""
        green = {
            "packages/sender/a.py": "import sender.b\n",
            "packages/sender/b.py": "if TYPE_CHECKING:\n    import sender.a\n",
        }
        self.assert_green("design circles", green)


if __name__ == "__main__":
    unittest.main()
