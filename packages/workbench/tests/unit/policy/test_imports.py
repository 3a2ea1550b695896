"""What may be imported, and where the import stands."""

import unittest

from workbench.tests.unit.policy.repository import (
    CORE_PROJECT,
    project,
    RuleTest,
    SENDER_PROJECT,
)

POST = "packages/sender/post.py"
CORE = "packages/etl_core/post.py"


class PlaceTest(RuleTest):
    """Imports stand at the top, and the path stays as it is."""

    def test_imports_at_top(self) -> None:
        """An import in a function or method is found."""
        red = "def a():\n    import json\n\nclass B:\n  def c(self):\n    import os\n"
        self.assert_red("A8 imports-at-top", {POST: red}, "post.py:2:", "post.py:6:")
        self.assert_green("A8 imports-at-top", {POST: "import json\n"})

    def test_loaded_by_name(self) -> None:
        """A driver loaded by name inside a function is right."""
        green = 'def send():\n    return import_module("etl_core.postgres")\n'
        self.assert_green("A8 imports-at-top", {POST: green})

    def test_sys_path(self) -> None:
        """Whoever touches sys.path is found, by any name."""
        for red in (
            "import sys\nsys.path.insert(0, '.')\n",
            "from sys import path\npath.append('.')\n",
            "import site\nsite.addsitedir('.')\n",
        ):
            with self.subTest(red):
                self.assert_red("A8 sys-path", {POST: red}, "post.py:2:")
        self.assert_green("A8 sys-path", {POST: "import sys\nsys.exit(0)\n"})


class SiblingTest(RuleTest):
    """Packages of this repository among one another."""

    def test_cross_module(self) -> None:
        """A job module imports no other job module, not even by name."""
        files = project("letters", '[project]\nname = "letters"\n')
        for red in (
            "import letters\n",
            "from letters.jobs import a\n",
            'b = importlib.import_module("letters.jobs")\n',
        ):
            with self.subTest(red):
                self.assert_red(
                    "A8 cross-module", {**files, POST: red}, "sibling letters"
                )
        green = {**files, POST: "from etl_core import errors\n"}
        self.assert_green("A8 cross-module", green)

    def test_schema_when_declared(self) -> None:
        """The schema may be imported where it is declared, and only there."""
        text = "from etl_database_schema.users import models\n"
        self.assert_red("A8 cross-module", {POST: text}, "sibling etl_database_schema")
        declared = SENDER_PROJECT.replace(
            "etl-core", 'etl-database-schema>=0.1", "etl-core'
        )
        files = {POST: text, "packages/sender/pyproject.toml": declared}
        self.assert_green("A8 cross-module", files)

    def test_schema_in_tests(self) -> None:
        """The tests of a job module may make the tables; those of etl_core may not."""
        text = "from etl_database_schema import migrate\n"
        path = "packages/sender/tests/integration/test_post.py"
        self.assert_green("A8 cross-module", {path: text})
        path = "packages/etl_core/tests/integration/test_post.py"
        self.assert_red("A8 cross-module", {path: text}, "etl_database_schema")

    def test_workbench_imports_what_it_declares(self) -> None:
        """The workspace's own package may import any package that it declares."""
        manifest = '[project]\nname = "workbench"\ndependencies = ["sender>=0.1"]\n'
        files = {
            **project("workbench", manifest),
            "packages/workbench/demo.py": "import sender\n",
        }
        self.assert_green("A8 cross-module", files)

    def test_django_in_core(self) -> None:
        """etl_core imports neither Django nor the schema, and no job module."""
        red = "from django.db import models\nimport etl_database_schema\n"
        self.assert_red("A8 django-in-core", {CORE: red}, "django.db", "schema")
        self.assert_red("A8 cross-module", {CORE: "import sender\n"}, "sibling sender")
        self.assert_green("A8 django-in-core", {POST: "from django.db import models\n"})


class DeclaredTest(RuleTest):
    """What is imported is declared."""

    def test_undeclared(self) -> None:
        """An import that only the workspace brings is found."""
        red = {POST: "import os\nimport boto3\nimport unheard_of\n"}
        self.assert_red("A8 undeclared", red, "boto3", "unheard_of")
        self.assert_green("A8 undeclared", {CORE: "import boto3\nimport botocore\n"})

    def test_undeclared_in_an_extra(self) -> None:
        """A module of an extra may import what that extra declares."""
        text = "import psycopg2\n"
        self.assert_red("A8 undeclared", {CORE: text}, "psycopg2")
        testing = {"packages/etl_core/testing/moto.py": text}
        self.assert_red("A8 undeclared", testing, "in the extra testing")
        self.assert_green("A8 undeclared", {"packages/etl_core/postgres.py": text})

    def test_tests_use_every_extra(self) -> None:
        """Tests may import what any extra or the development group declares."""
        path = "packages/etl_core/tests/unit/test_post.py"
        self.assert_green("A8 undeclared", {path: "import moto, psycopg2\n"})
        self.assert_red("A8 undeclared", {path: "import hypothesis\n"}, "hypothesis")
        group = '\n[tool.poetry.group.dev.dependencies]\nhypothesis = ">=6"\n'
        files = {
            path: "import hypothesis\n",
            "packages/etl_core/pyproject.toml": CORE_PROJECT + group,
        }
        self.assert_green("A8 undeclared", files)

    def test_tests_use_the_workspace(self) -> None:
        """Tests may import what the workspace environment declares."""
        manifest = (
            '[project]\nname = "workbench"\ndependencies = ["etl-core[testing]>=0.1"]\n'
        )
        files = {
            **project("workbench", manifest),
            "packages/sender/tests/unit/test_post.py": "import moto\n",
        }
        self.assert_green("A8 undeclared", files)

    def test_for_type_checkers(self) -> None:
        """An import for type checkers only needs no declaration."""
        text = "if typing.TYPE_CHECKING:\n    import mypy_boto3_s3\n"
        self.assert_green("A8 undeclared", {POST: text})

    def test_needs_extra(self) -> None:
        """What a plain install runs does not import what needs an extra."""
        text = "from etl_core import postgres\n"
        self.assert_red("A8 needs-extra", {POST: text}, "the extra db")
        by_name = 'd = importlib.import_module("etl_core.postgres")\n'
        self.assert_green("A8 needs-extra", {POST: by_name})
        required = SENDER_PROJECT.replace("etl-core", "etl-core[db]")
        files = {POST: text, "packages/sender/pyproject.toml": required}
        self.assert_green("A8 needs-extra", files)

    def test_boto3_seam(self) -> None:
        """One file makes the clients of S3; tests make their own."""
        self.assert_red("A6 boto3-seam", {POST: "import boto3\n"}, "post.py:1:")
        self.assert_green(
            "A6 boto3-seam",
            {
                "packages/etl_core/s3/client.py": "import boto3\n",
                "packages/etl_core/testing/servers.py": "import boto3\n",
                "packages/sender/tests/unit/test_post.py": "import boto3\n",
            },
        )


if __name__ == "__main__":
    unittest.main()
