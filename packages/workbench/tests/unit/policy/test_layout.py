"""Where files stand."""

import unittest

from workbench.tests.unit.policy.repository import (
    LOCK,
    project,
    RuleTest,
    SENDER_PROJECT,
)

MODULE = '"""A module."""\n'


class LayoutTest(RuleTest):
    """The root, the packages, what Django would bring."""

    def test_root_entries(self) -> None:
        """The root has the agreed entries and dotfiles, nothing else."""
        self.assert_red(
            "A2 root-entries",
            {"setup.py": MODULE, "scripts/run.py": MODULE, "docker.txt": ""},
            "docker.txt stands",
            "scripts stands",
            "setup.py stands",
        )
        self.assert_green(
            "A2 root-entries", {"docs/run.md": "", "LICENSE": "", ".ruff.toml": ""}
        )

    def test_src_layout(self) -> None:
        """Sources below src/ are found, and at the package root they are right."""
        self.assert_red(
            "A8 src-layout",
            {"packages/sender/src/sender/post.py": MODULE},
            "packages/sender/src/sender/post.py",
        )
        self.assert_green("A8 src-layout", {"packages/sender/post.py": MODULE})

    def test_project_files(self) -> None:
        """A package without its lock, its changelog or any tests is found."""
        files = project("letters", '[project]\nname = "letters"\n')
        self.assert_green("A8 project-files", files)
        self.assert_red(
            "A8 project-files",
            {
                **files,
                "packages/letters/poetry.lock": None,
                "packages/letters/CHANGELOG.md": None,
                "packages/letters/tests/__init__.py": None,
            },
            "CHANGELOG.md",
            "poetry.lock",
            "no tests",
        )

    def test_import_name(self) -> None:
        """The project and what its scripts run are named after the folder."""
        changed = SENDER_PROJECT.replace('"sender"', '"letter-sender"', 1)
        changed = changed.replace("sender.cli", "letter_sender.cli")
        self.assert_red(
            "A2 import-name",
            {"packages/sender/pyproject.toml": changed},
            "runs letter_sender.cli",
            "named letter-sender",
        )
        self.assert_green("A2 import-name", {})

    def test_django_files(self) -> None:
        """A job module has no files of a Django project, the schema may."""
        self.assert_red(
            "A8 django-files",
            {
                "packages/sender/manage.py": MODULE,
                "packages/sender/settings.py": MODULE,
                "packages/sender/legacy_django/old.py": MODULE,
                "packages/sender/management/commands/send.py": MODULE,
            },
            "legacy_django/old.py",
            "manage.py",
            "management/commands/send.py",
            "settings.py",
        )
        self.assert_green(
            "A8 django-files", {"packages/etl_database_schema/users/apps.py": MODULE}
        )

    def test_settings_with_the_schema(self) -> None:
        """A module that declares the schema may have settings, but no urls."""
        declared = SENDER_PROJECT.replace(
            '"etl-core', '"etl-database-schema>=0.1", "etl-core'
        )
        files = {
            "packages/sender/pyproject.toml": declared,
            "packages/sender/settings.py": MODULE,
        }
        self.assert_green("A8 django-files", files)
        self.assert_red(
            "A8 django-files", {**files, "packages/sender/urls.py": MODULE}, "urls.py"
        )

    def test_stdlib_shadow(self) -> None:
        """A top-level module named like one of Python's is found, deeper ones not."""
        self.assert_red(
            "A8 stdlib-shadow",
            {
                "packages/sender/types.py": MODULE,
                "packages/sender/email/__init__.py": MODULE,
            },
            "module email",
            "module types",
        )
        self.assert_green("A8 stdlib-shadow", {"packages/sender/cli/email.py": MODULE})

    def test_owner(self) -> None:
        """A module named utils is found, one named after its contents is right."""
        self.assert_red("A5 owner", {"packages/sender/utils.py": MODULE}, "utils says")
        self.assert_green("A5 owner", {"packages/sender/envelopes.py": MODULE})

    def test_requirements(self) -> None:
        """A requirement by path or without a version is found."""
        changed = SENDER_PROJECT.replace('"etl-core>=0.1,<0.2"', '"etl-core", "rich"')
        self.assert_red(
            "A3 requirements",
            {"packages/sender/pyproject.toml": changed},
            "etl-core",
            "rich",
        )
        self.assert_green("A3 requirements", {})


class LocksTest(RuleTest):
    """Locks, which repeat what the packages beside them required."""

    def test_new_dependency(self) -> None:
        """A lock made before a package got a dependency is stale."""
        old = LOCK.replace('boto3 = ">=1.40,<2"\n', "")
        self.assert_red(
            "A2 stale-lock",
            {"packages/sender/poetry.lock": old},
            "etl_core has changed",
        )
        self.assert_green("A2 stale-lock", {})

    def test_other_version_and_other_extra(self) -> None:
        """A lock made before a version or an extra changed is stale."""
        for old in (LOCK.replace("<2", "<3"), LOCK.replace("(>=5)", "(>=4)")):
            self.assert_red(
                "A2 stale-lock",
                {"packages/sender/poetry.lock": old},
                "etl_core has changed",
            )

    def test_several_versions(self) -> None:
        """A dependency locked as a list of versions is compared one by one."""
        old = 'boto3 = ">=1.40,<2"'
        one = '{version = ">=1.40,<2", markers = "a"}'
        listed = LOCK.replace(old, f"boto3 = [{one}, {one}]")
        self.assert_green("A2 stale-lock", {"packages/sender/poetry.lock": listed})

    def test_extra_that_is_not_wanted(self) -> None:
        """A lock leaves out the dependencies of extras that nobody asked for."""
        without = LOCK.replace('moto = {version = ">=5", optional = true}\n', "")
        self.assertNotEqual(LOCK, without)
        self.assert_green("A2 stale-lock", {"packages/sender/poetry.lock": without})


if __name__ == "__main__":
    unittest.main()
