"""A small repository that keeps every rule, to be spoilt by tests."""

from collections.abc import Mapping
from pathlib import Path
import tempfile
import unittest

from workbench.policy.registry import RULES
from workbench.policy.tree import Tree

BLOCK = 'if __name__ == "__main__":\n    unittest.main()\n'
TEST = f'"""Tests."""\n\nimport unittest\n\n{BLOCK}'
JOB = '''"""Send letters."""


def entrypoint(argv: list[str]) -> int:
    """Send them."""
    return len(argv)


JOB = (entrypoint, "Send letters")
'''
CORE_PROJECT = """
[project]
name = "etl-core"
dependencies = ["boto3>=1.40,<2"]

[project.optional-dependencies]
db = ["psycopg2-binary>=2.9"]
testing = ["moto>=5"]
"""
SENDER_PROJECT = """
[project]
name = "sender"
dependencies = ["etl-core>=0.1,<0.2"]

[project.scripts]
sender = "sender.cli.main:main"
"""
SCHEMA_PROJECT = """
[project]
name = "etl-database-schema"
dependencies = ["Django>=5.2", "etl-core>=0.1,<0.2"]
"""
LOCK = """
[[package]]
name = "etl-core"

[package.dependencies]
boto3 = ">=1.40,<2"
moto = {version = ">=5", optional = true}
psycopg2-binary = {version = ">=2.9", optional = true}

[package.extras]
db = ["psycopg2-binary (>=2.9)"]
testing = ["moto (>=5)"]
"""
SCRIPT = "#!/usr/bin/env bash\nset -euo pipefail\nterraform plan\n"


def project(name: str, manifest: str, lock: str = "") -> dict[str, str]:
    """Return the files of a package without anything in it."""
    folder = f"packages/{name}"
    return {
        f"{folder}/pyproject.toml": manifest,
        f"{folder}/poetry.lock": lock,
        f"{folder}/README.md": f"# {name}\n",
        f"{folder}/CHANGELOG.md": "# Changelog\n",
        f"{folder}/__init__.py": f'"""The package {name}."""\n',
        f"{folder}/py.typed": "",
        f"{folder}/tests/__init__.py": '"""Tests."""\n',
    }


GREEN = {
    ".gitignore": "__pycache__/\n",
    "Makefile": "",
    **project("etl_core", CORE_PROJECT),
    **project("etl_database_schema", SCHEMA_PROJECT, LOCK),
    **project("sender", SENDER_PROJECT, LOCK),
    "packages/sender/cli/main.py": '"""The command line."""\n',
    "packages/sender/jobs/__init__.py": '"""The jobs."""\n',
    "packages/sender/jobs/letters.py": JOB,
    "packages/sender/tests/unit/jobs/test_letters.py": TEST,
    "packages/sender/tests/integration/test_letters.py": TEST,
    "docker/sender.Dockerfile": "FROM scratch\n",
    "infra/sender/main.tf": "",
    "infra/sender/scripts/manage.sh": SCRIPT,
}
DISTRIBUTIONS = {
    "boto3": ["boto3"],
    "botocore": ["botocore"],
    "django": ["Django"],
    "moto": ["moto"],
    "psycopg2": ["psycopg2-binary"],
}


class RuleTest(unittest.TestCase):
    """Spoils the small repository and looks at what one rule says."""

    def report(self, changes: Mapping[str, str | None], rule: str) -> list[str]:
        """Return the lines of a rule; ``None`` as a text takes a file away."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**GREEN, **changes}.items():
                if text is not None:
                    path = Path(folder, name)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text, encoding="utf-8")
            tree = Tree(Path(folder), lambda: DISTRIBUTIONS)
            found = [each for each in RULES if each.name == rule]
            return [line for each in found for line in each.report(tree)]

    def assert_red(
        self, rule: str, changes: Mapping[str, str | None], *words: str
    ) -> None:
        """The rule finds one thing per word, in order, and names itself and a mend."""
        lines = self.report(changes, rule)
        self.assertEqual(len(words), len(lines), lines)
        for word, line in zip(words, lines, strict=True):
            self.assertIn(word, line)
            self.assertRegex(line, rf"^\S+:\d+: {rule}: .+; mend: .+")

    def assert_green(self, rule: str, changes: Mapping[str, str | None]) -> None:
        """The rule exists and finds nothing."""
        self.assertIn(rule, {each.name for each in RULES})
        self.assertEqual([], self.report(changes, rule))
