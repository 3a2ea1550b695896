"""What a deployable module needs around it."""

import unittest

from workbench.tests.unit.policy.repository import JOB, project, RuleTest, SCRIPT

MANAGE = "infra/sender/scripts/manage.sh"


def workflow(filters: dict[str, str]) -> dict[str, str]:
    """Return a workflow with path filters."""
    lines = "".join(f"          {name}: {paths}\n" for name, paths in filters.items())
    head = "jobs:\n  a:\n    steps:\n      - with:\n         filters: |\n"
    return {".github/workflows/ci.yml": head + lines}


class DeployTest(RuleTest):
    """Images, stacks and scripts."""

    def test_dockerfile(self) -> None:
        """A module with jobs and console scripts has an image."""
        files = {"docker/sender.Dockerfile": None}
        self.assert_red("A8 dockerfile", files, "docker/sender.Dockerfile")
        self.assert_green("A8 dockerfile", {})

    def test_library_needs_no_image(self) -> None:
        """Jobs without a console script, or the reverse, are nothing to deploy."""
        library = project("letters", '[project]\nname = "letters"\n')
        files = {**library, "packages/letters/jobs/post.py": JOB}
        self.assert_green("A8 dockerfile", files)

    def test_dockerfile_place(self) -> None:
        """A Dockerfile stands in docker/ and names a module."""
        self.assert_red(
            "A8 dockerfile-place",
            {"docker/letters.Dockerfile": "", "packages/sender/Dockerfile": ""},
            "docker/letters.Dockerfile",
            "packages/sender/Dockerfile",
        )
        self.assert_green("A8 dockerfile-place", {})

    def test_infra_stack(self) -> None:
        """A deployable module has Terraform and manage.sh of its own."""
        self.assert_red(
            "A8 infra-stack",
            {"infra/sender/main.tf": None, MANAGE: None},
            "no Terraform",
            "manage.sh",
        )
        self.assert_green("A8 infra-stack", {})

    def test_script_place(self) -> None:
        """A shell script stands where scripts belong, whatever its name."""
        self.assert_red(
            "A8 script-place",
            {"packages/sender/run.sh": SCRIPT, "docs/build": SCRIPT},
            "docs/build",
            "packages/sender/run.sh",
        )
        self.assert_green(
            "A8 script-place",
            {
                ".ci/run": SCRIPT,
                "infra/local/start.sh": SCRIPT,
                "infra/manage.sh": SCRIPT,
                "packages/sender/config_scripts/docker-entrypoint.sh": SCRIPT,
            },
        )

    def test_path_filters(self) -> None:
        """CI watches each package and those of ours that it requires."""
        filters = {
            "etl_core": "[&shared [Makefile, packages/etl_core/**]]",
            "etl_database_schema": "[*shared, packages/etl_database_schema/**]",
            "sender": "[*shared, packages/sender/**]",
        }
        self.assert_green("CI path-filters", workflow(filters))
        self.assert_red(
            "CI path-filters",
            workflow({**filters, "sender": "[packages/sender/**]"}),
            "sender is not tested after etl_core",
        )
        del filters["sender"]
        self.assert_red(
            "CI path-filters", workflow(filters), "after etl_core", "after sender"
        )

    def test_shellcheck(self) -> None:
        """A script with an unquoted variable is found with its line."""
        red = {MANAGE: f"{SCRIPT}rm $1\n"}
        self.assert_red("A8 shellcheck", red, "manage.sh:4: A8 shellcheck: SC2086")
        self.assert_green("A8 shellcheck", {MANAGE: f'{SCRIPT}rm "$1"\n'})

    def test_hadolint(self) -> None:
        """An instruction that hadolint does not like is found with its line."""
        image = "docker/sender.Dockerfile"
        red = {image: "FROM python:3.13-slim\nRUN cd /tmp && ls\n"}
        self.assert_red("E1 hadolint", red, "sender.Dockerfile:2: E1 hadolint: DL3003")
        self.assert_green("E1 hadolint", {image: "FROM python:3.13-slim\n"})

    def test_no_image_at_all(self) -> None:
        """A repository without a Dockerfile gives hadolint nothing to do."""
        self.assert_green("E1 hadolint", {"docker/sender.Dockerfile": None})

    def test_no_script_at_all(self) -> None:
        """A repository without a script gives shellcheck nothing to do."""
        self.assert_green("A8 shellcheck", {MANAGE: None})


if __name__ == "__main__":
    unittest.main()
