"""How sources and tests are written."""

import unittest

from workbench.tests.unit.policy.repository import BLOCK, RuleTest

POST = "packages/sender/post.py"
TEST = "packages/sender/tests/unit/test_post.py"


class StyleTest(RuleTest):
    """Docstrings, tests, emoji, output, environment."""

    def test_syntax(self) -> None:
        """A file that Python cannot read is found with its line."""
        self.assert_red("A4 syntax", {POST: "a = 1\nb = (\n"}, "post.py:2:")
        self.assert_green("A4 syntax", {POST: "a = 1\n"})

    def test_docstrings(self) -> None:
        """Module, class, method and function need a docstring; inner functions not."""
        red = (
            "class A:\n    def _b(self):\n        pass\n\n"
            "async def c():\n    def d():\n        pass\n"
        )
        self.assert_red(
            "A8 docstrings",
            {POST: red},
            "A has no",
            "the module has no",
            "_b has no",
            "c has no",
        )
        green = '"""A."""\n\ndef c():\n    """Do."""\n    def d():\n        pass\n'
        self.assert_green("A8 docstrings", {POST: green})

    def test_overload(self) -> None:
        """A signature for type checkers needs no docstring."""
        green = '"""A."""\n\n@typing.overload\ndef a(b: int) -> int: ...\n'
        self.assert_green("A8 docstrings", {POST: green})

    def test_docstring_form(self) -> None:
        """Sections of another convention than reST are found."""
        red = '"""A.\n\nArgs:\n    b: a number\n"""\n'
        self.assert_red("A8 docstrings", {POST: red}, "not in reST")

    def test_unittest_block(self) -> None:
        """A file of tests that does not end in the block is found."""
        for red in ("", "import unittest\n", f"{BLOCK}a = 1\n", 'print("x")\n'):
            with self.subTest(red):
                self.assert_red("A8 unittest-block", {TEST: red}, "test_post.py")
        self.assert_green("A8 unittest-block", {TEST: f"import unittest\n{BLOCK}"})

    def test_test_case(self) -> None:
        """Tests for pytest, and tests that are no methods, are found."""
        red = "import pytest\n\ndef test_a():\n    pass\n"
        self.assert_red("F1 test-case", {TEST: red}, "pytest", "test_a is no method")
        green = "class A(unittest.TestCase):\n    def test_a(self):\n        pass\n"
        self.assert_green("F1 test-case", {TEST: green})

    def test_emoji(self) -> None:
        """An emoji in any text is found with its line."""
        for red in ("\N{ROCKET}", "\N{WHITE HEAVY CHECK MARK}", "\N{SPARKLES}"):
            files = {"docs/a.md": f"fine\n{red}\n"}
            self.assert_red("A5 emoji", files, "docs/a.md:2:")
        green = {
            "docs/a.md": "\N{RIGHTWARDS ARROW} \N{LATIN SMALL LETTER E WITH ACUTE}\n"
        }
        self.assert_green("A5 emoji", green)

    def test_print(self) -> None:
        """Only commands and local helpers print."""
        text = 'print("a")\n'
        self.assert_red("A5 print", {POST: text}, "post.py:1:")
        self.assert_green(
            "A5 print", {"packages/sender/cli/a.py": text, "infra/local/demo.py": text}
        )

    def test_environment(self) -> None:
        """Only etl_core.config, settings, tests and local helpers read variables."""
        text = 'import os\na = os.environ["A"]\n'
        for red in (
            text,
            'import os\nb = os.getenv("A")\n',
            "\nfrom os import environ\n",
        ):
            self.assert_red("B1 environment", {POST: red}, "post.py:2:")
        places = (
            "packages/etl_core/config.py",
            "packages/sender/settings.py",
            "infra/local/demo.py",
            TEST,
        )
        self.assert_green("B1 environment", dict.fromkeys(places, text))


if __name__ == "__main__":
    unittest.main()
