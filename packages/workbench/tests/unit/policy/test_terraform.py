"""What the Terraform of stacks and shared modules must look like."""

import unittest

from workbench.tests.unit.policy.repository import RuleTest, SCRIPT

MANAGE = "infra/sender/scripts/manage.sh"
MAIN = "infra/sender/main.tf"
NET = "infra/modules/net"
USES_NET = 'module "net" {\n  source = "../modules/net"\n}\n'
MODULE: dict[str, str | None] = {
    f"{NET}/{name}": ""
    for name in ("main.tf", "outputs.tf", "README.md", "variables.tf", "versions.tf")
}
REGION = """variable "region" {
  description = "Region of the stack."
  type        = string
}
"""
ROLE = """
output "role" {
  description = "Role of the jobs."
  value       = "sender"
}
"""


README = """# Stack

| `region` | string | required | Region of the stack. |

| `role` | Role of the jobs. |
"""


class TerraformTest(RuleTest):
    """Stacks, and the modules below infra/modules."""

    def test_sibling_terraform(self) -> None:
        """A stack uses its own modules and shared ones, not those of another stack."""
        sibling = '\nmodule "net" {\n  source = "../plumbing/net"\n}\n'
        self.assert_red("A8 infra-sibling", {MAIN: sibling}, f"{MAIN}:3:")
        own = USES_NET.replace("../modules/net", "./net")
        for text in (own, USES_NET):
            with self.subTest(text):
                self.assert_green("A8 infra-sibling", {MAIN: text})

    def test_module_and_stack(self) -> None:
        """A shared module uses other shared modules, and never a stack."""
        main = f"{NET}/main.tf"
        stack = USES_NET.replace("../modules/net", "../../sender")
        self.assert_red("A8 infra-sibling", {main: stack}, f"{main}:2:")
        module = USES_NET.replace("../modules/net", "../kms")
        self.assert_green("A8 infra-sibling", {main: module})

    def test_sibling_script(self) -> None:
        """A script of a stack sources no script of another."""
        for line in (
            "source ../../plumbing/scripts/common.sh",
            '. "$(dirname "$0")/../../plumbing/scripts/common.sh"',
            'source "${HERE}/../../plumbing/scripts/common.sh"',
        ):
            with self.subTest(line):
                self.assert_red(
                    "A8 infra-sibling", {MANAGE: f"{SCRIPT}{line}\n"}, "manage.sh:4:"
                )
        own = {MANAGE: f'{SCRIPT}source "${{HERE}}/names.sh"\n'}
        self.assert_green("A8 infra-sibling", own)

    def test_module_files(self) -> None:
        """Each of the five files of a shared module is there."""
        used = {**MODULE, MAIN: USES_NET}
        self.assert_green("A8 infra-module", used)
        for path in MODULE:
            with self.subTest(path):
                self.assert_red("A8 infra-module", {**used, path: None}, path)

    def test_module_without_users(self) -> None:
        """A shared module is used by a stack or by another module."""
        self.assert_red("A8 infra-module", MODULE, f"{NET}/main.tf:1:")
        itself = USES_NET.replace("../modules", "..")
        alone = {**MODULE, f"{NET}/main.tf": itself}
        self.assert_red("A8 infra-module", alone, f"{NET}/main.tf:1:")
        nested = {path.replace("net", "vpc"): text for path, text in MODULE.items()}
        nested["infra/modules/vpc/main.tf"] = itself
        stack = USES_NET.replace("net", "vpc")
        self.assert_green("A8 infra-module", {**MODULE, **nested, MAIN: stack})

    def test_interface(self) -> None:
        """Variables are typed, and variables and outputs described."""
        green = {MAIN: REGION + ROLE, "infra/sender/README.md": README}
        self.assert_green("A8 infra-interface", green)
        for text, word in (
            (REGION.replace("type ", "# ") + ROLE, "region has no type"),
            (REGION + ROLE.replace("description", "#"), "role has no description"),
        ):
            with self.subTest(word):
                lines = self.report({**green, MAIN: text}, "A8 infra-interface")
                self.assertIn(word, "".join(lines))

    def test_interface_in_the_readme(self) -> None:
        """The README lists all that is declared as it is described, nothing else."""
        self.assert_red(
            "A8 infra-interface",
            {
                MAIN: REGION + ROLE,
                "infra/sender/README.md": README.replace("of the jobs", "of nobody"),
            },
            "its row of role",
            "role is not in its tables",
        )
        self.assert_red("A8 infra-interface", {MAIN: REGION}, "region is not in")


if __name__ == "__main__":
    unittest.main()
