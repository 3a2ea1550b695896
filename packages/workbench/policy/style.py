"""How sources and tests are written, where no linter looks."""

import ast
from collections.abc import Iterator
import re

from workbench.policy import table
from workbench.policy.rule import Finding, Rule
from workbench.policy.source import dotted, FUNCTIONS, Source
from workbench.policy.tree import Tree

EMOJI = re.compile(
    "[\N{WATCH}-\N{HOURGLASS}\N{BLACK SUN WITH RAYS}-\N{CURLY LOOP}"
    "\N{WHITE MEDIUM STAR}\N{HEAVY LARGE CIRCLE}\N{VARIATION SELECTOR-16}"
    "\N{MAHJONG TILE EAST WIND}-\U0001faff]"
)
FOREIGN_SECTION = re.compile(
    r"^\s*(Args|Arguments|Attributes|Parameters|Raises|Returns|Yields):?\s*$",
    re.MULTILINE,
)
PRINTERS = frozenset({"cli", "commands"})
TEXTS = frozenset(
    {"", ".cfg", ".Dockerfile", ".ini", ".json", ".md", ".py", ".sh", ".sql", ".tf"}
    | {".toml", ".txt", ".yaml", ".yml"}
)
MAIN_BLOCK = "if __name__ == '__main__':\n    unittest.main()"


def syntax(tree: Tree) -> Iterator[Finding]:
    """Every file can be parsed."""
    for source in tree.sources:
        if source.error:
            yield Finding(source.path, source.error.msg, source.error.lineno or 1)


def docstrings(tree: Tree) -> Iterator[Finding]:
    """Every module, class, method and function says what it is."""
    for source in tree.sources:
        for node in () if source.error else source.documented:
            if not isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS)):
                continue
            text = ast.get_docstring(node)
            name = getattr(node, "name", "the module")
            line = getattr(node, "lineno", 1)
            if not text and not _is_overload(node):
                yield Finding(source.path, f"{name} has no docstring", line)
            elif text and FOREIGN_SECTION.search(text):
                yield Finding(source.path, f"{name} has a docstring not in reST", line)


def _is_overload(node: ast.AST) -> bool:
    """Tell whether a function is only a signature for type checkers."""
    decorators = getattr(node, "decorator_list", [])
    return any(dotted(each).endswith("overload") for each in decorators)


def unittest_block(tree: Tree) -> Iterator[Finding]:
    """Every file of tests ends in the block that runs it."""
    for source in _test_files(tree):
        last = source.tree.body[-1:]
        if not last or ast.unparse(last[0]) != MAIN_BLOCK:
            yield Finding(source.path, "the file does not end in unittest.main()")


def test_case(tree: Tree) -> Iterator[Finding]:
    """Tests are methods of a TestCase, so that unittest finds them."""
    for source in _test_files(tree):
        for found in source.imports:
            if found.root == "pytest":
                yield Finding(source.path, "pytest is imported", found.line)
        for node in source.tree.body:
            if isinstance(node, FUNCTIONS) and node.name.startswith("test"):
                yield Finding(source.path, f"{node.name} is no method", node.lineno)


def _test_files(tree: Tree) -> Iterator[Source]:
    """Yield the files in which unittest looks for tests."""
    for source in tree.sources:
        if source.is_test and source.path.name.startswith("test_"):
            yield source


def emoji(tree: Tree) -> Iterator[Finding]:
    """No text holds an emoji."""
    for path in tree.files:
        if path.suffix not in TEXTS:
            continue
        for number, line in enumerate(tree.read(path).splitlines(), 1):
            if EMOJI.search(line):
                yield Finding(path, "an emoji stands in the line", number)


def prints(tree: Tree) -> Iterator[Finding]:
    """Only commands write to standard output; everything else logs."""
    for source in tree.sources:
        if not source.package or source.is_test or source.room in PRINTERS:
            continue
        for node in source.nodes:
            if isinstance(node, ast.Call) and dotted(node.func) == "print":
                yield Finding(source.path, "print is called", node.lineno)


def environment(tree: Tree) -> Iterator[Finding]:
    """One file reads the environment."""
    for source in tree.sources:
        if _reads_environment(source):
            continue
        for node in source.nodes:
            if dotted(node) in {"os.environ", "os.environb", "os.getenv", "os.putenv"}:
                yield Finding(
                    source.path, f"{dotted(node)} is used", getattr(node, "lineno", 1)
                )
        for found in source.imports:
            if found.module == "os" and found.name in {"environ", "getenv", "putenv"}:
                yield Finding(source.path, f"os.{found.name} is used", found.line)


def _reads_environment(source: Source) -> bool:
    """Tell whether a file may read the environment."""
    if not source.package or source.is_test:
        return True
    settings = str(source.inner) == "settings.py"
    return settings or str(source.path) in table.ENVIRONMENT_READERS


RULES = (
    Rule("A4 syntax", "write what Python 3.10 reads", syntax),
    Rule("A8 docstrings", "say what holds, in reStructuredText (PEP 287)", docstrings),
    Rule(
        "A8 unittest-block",
        'end the file in: if __name__ == "__main__": unittest.main()',
        unittest_block,
    ),
    Rule("F1 test-case", "make it a method of a unittest.TestCase", test_case),
    Rule("A5 emoji", "write a word", emoji),
    Rule("A5 print", "log it, or return it to the command", prints),
    Rule("B1 environment", "read it through etl_core.config", environment),
)
