"""Rules for the Terraform of the stacks and of the modules that they share."""

from collections.abc import Iterator
from pathlib import PurePosixPath
import posixpath
import re

from workbench.policy.rule import Finding, Rule
from workbench.policy.shell import is_shell
from workbench.policy.tree import Tree

MODULES = PurePosixPath("infra/modules")
MODULE_FILES = ("main.tf", "outputs.tf", "README.md", "variables.tf", "versions.tf")
MODULE_SOURCE = re.compile(r'^\s*source\s*=\s*"(\.[^"]*)"', re.MULTILINE)
SOURCED = re.compile(
    r"^\s*(?:source|\.)\s+[\"']?(?:\$\{?\w+\}?/|\$\([^)]*\)/)?([^\s\"']+)", re.MULTILINE
)
BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
ARGUMENTS = {"variable": ("description", "type"), "output": ("description",)}
DESCRIPTION = re.compile(r'^  description\s+= "(.*)"$', re.MULTILINE)
TABLE_ROW = re.compile(r"^\| `([a-z]\w*)` \|(?:.* \|)? ([^|]+) \|$", re.MULTILINE)


def infra_sibling(tree: Tree) -> Iterator[Finding]:
    """A stack sources its own files and ``infra/modules``, never another stack."""
    for path in tree.below("infra"):
        stack = PurePosixPath(*path.parts[:2])
        for match in _sourced(tree, path):
            target = _resolve(path, match[1])
            if not any(target.is_relative_to(place) for place in (stack, MODULES)):
                line = tree.read(path).count("\n", 0, match.start(1)) + 1
                yield Finding(path, f"it sources {match[1]}, outside {stack}", line)


def infra_module(tree: Tree) -> Iterator[Finding]:
    """A shared module has its five files, and something outside it uses it."""
    sourced = [
        (path, _resolve(path, match[1]))
        for path in tree.below("infra")
        for match in _sourced(tree, path)
    ]
    for folder in _modules(tree):
        for name in MODULE_FILES:
            if not tree.has(folder / name):
                yield Finding(folder / name, "the file is missing")
        users = [path for path, target in sourced if target == folder]
        if all(path.is_relative_to(folder) for path in users):
            yield Finding(folder / "main.tf", "neither a stack nor a module uses it")


def infra_interface(tree: Tree) -> Iterator[Finding]:
    """Variables are typed and described, outputs described, and the README has both."""
    tables: dict[PurePosixPath, set[tuple[str, str]]] = {}
    for path, match in _declarations(tree):
        kind, name, body = match.groups()
        description = DESCRIPTION.search(body)
        if description:
            tables.setdefault(path.parent, set()).add((name, description[1]))
        for argument in ARGUMENTS[kind]:
            if not re.search(rf"^  {argument}\s+=", body, re.MULTILINE):
                line = tree.read(path).count("\n", 0, match.start()) + 1
                yield Finding(path, f"{kind} {name} has no {argument}", line)
    for folder, declared in tables.items():
        readme = folder / "README.md"
        text = tree.read(readme) if tree.has(readme) else ""
        listed = set(TABLE_ROW.findall(text))
        for name, _ in declared - listed:
            yield Finding(readme, f"{name} is not in its tables as it is described")
        for name, _ in listed - declared:
            yield Finding(readme, f"its row of {name} describes nothing declared")


def _declarations(tree: Tree) -> Iterator[tuple[PurePosixPath, re.Match[str]]]:
    """Find the variables and outputs, each with its file."""
    for path in tree.below("infra"):
        if path.suffix == ".tf":
            for match in BLOCK.finditer(tree.read(path)):
                yield path, match


def _sourced(tree: Tree, path: PurePosixPath) -> Iterator[re.Match[str]]:
    """Find what a Terraform file or a shell script takes from another file."""
    if path.suffix == ".tf":
        yield from MODULE_SOURCE.finditer(tree.read(path))
    elif is_shell(tree, path):
        yield from SOURCED.finditer(tree.read(path))


def _resolve(path: PurePosixPath, source: str) -> PurePosixPath:
    """Return the path from the root that a file means by a relative source."""
    return PurePosixPath(posixpath.normpath(path.parent / source))


def _modules(tree: Tree) -> list[PurePosixPath]:
    """Return the folders of the shared modules."""
    names = {
        path.relative_to(MODULES).parts[0]
        for path in tree.below(str(MODULES))
        if len(path.relative_to(MODULES).parts) > 1
    }
    return [MODULES / name for name in sorted(names)]


RULES = (
    Rule(
        "A8 infra-sibling",
        "take the foundation's outputs or explicit ids, or share infra/modules/",
        infra_sibling,
    ),
    Rule(
        "A8 infra-module",
        "give it main, variables, outputs, versions and README, or delete it",
        infra_module,
    ),
    Rule(
        "A8 infra-interface",
        "describe it, give a variable its type, and list it in the README",
        infra_interface,
    ),
)
