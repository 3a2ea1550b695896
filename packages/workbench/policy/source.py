"""One Python file, and the imports in it."""

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import NamedTuple

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Import(NamedTuple):
    """One import.

    :param module: the module as written, for example ``etl_core.s3``.
    :param name: what is taken from it, which may be a module too; or empty.
    :param nested: it stands inside a function.
    :param typing: it is for type checkers only.
    :param dynamic: it is loaded by name, ``import_module("etl_core.s3")``.
    """

    module: str
    name: str
    line: int
    nested: bool = False
    typing: bool = False
    dynamic: bool = False

    @property
    def root(self) -> str:
        """The first part of the module's name."""
        return self.module.partition(".")[0]

    @property
    def target(self) -> str:
        """The longest name that may be a module."""
        return f"{self.module}.{self.name}" if self.name else self.module


class Source:
    """A Python file of the repository.

    :param root: the repository.
    :param path: the file, from the root.
    """

    def __init__(self, root: Path, path: PurePosixPath) -> None:
        """Read the file; it is parsed when first asked for."""
        self.path = path
        self.text = (root / path).read_text(encoding="utf-8")

    @cached_property
    def package(self) -> str:
        """The package it belongs to, or nothing for a file outside ``packages/``."""
        first, name, *_ = *self.path.parts, ""
        return name if first == "packages" else ""

    @cached_property
    def inner(self) -> PurePosixPath:
        """The path from the package root."""
        return PurePosixPath(*self.path.parts[2:]) if self.package else self.path

    @cached_property
    def name(self) -> str:
        """The name it is imported by."""
        parts = self.path.with_suffix("").parts[1:]
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def room(self) -> str:
        """The folder or module below the package root, for example ``jobs``."""
        return self.inner.with_suffix("").parts[0]

    @cached_property
    def is_test(self) -> bool:
        """Whether it belongs to the tests of a package."""
        return "tests" in self.inner.parts

    @cached_property
    def error(self) -> SyntaxError | None:
        """Why the file cannot be parsed, or ``None``."""
        try:
            ast.parse(self.text)
        except SyntaxError as error:
            return error
        return None

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree; empty when the file cannot be parsed."""
        return ast.parse("" if self.error else self.text)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Every import, wherever it stands."""
        return tuple(_imports(self.tree, Import("", "", 0)))

    @cached_property
    def documented(self) -> tuple[ast.AST, ...]:
        """Whatever needs a docstring: module, classes, methods, functions."""
        return tuple(_documented(self.tree))


def _imports(node: ast.AST, around: Import) -> Iterator[Import]:
    """Find the imports below a node; ``around`` tells where the node stands."""
    for child in ast.iter_child_nodes(node):
        for found in _imported(child):
            yield found._replace(nested=around.nested, typing=around.typing)
        yield from _imports(
            child,
            around._replace(
                nested=around.nested or isinstance(child, (*FUNCTIONS, ast.Lambda)),
                typing=around.typing or _for_typing(child),
            ),
        )


def _imported(node: ast.AST) -> Iterator[Import]:
    """Yield what one statement or call imports."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, "", node.lineno)
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield Import(
                "." * node.level + (node.module or ""), alias.name, node.lineno
            )
    elif isinstance(node, ast.Call) and dotted(node.func).endswith("import_module"):
        match node.args:
            case [ast.Constant(value=str(module)), *_]:
                yield Import(module, "", node.lineno, dynamic=True)


def _for_typing(node: ast.AST) -> bool:
    """Tell whether a node is an ``if TYPE_CHECKING``."""
    return isinstance(node, ast.If) and dotted(node.test).endswith("TYPE_CHECKING")


def _documented(node: ast.AST) -> Iterator[ast.AST]:
    """Find what needs a docstring, not looking into functions."""
    if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS)):
        yield node
    if isinstance(node, FUNCTIONS):
        return
    for child in ast.iter_child_nodes(node):
        yield from _documented(child)


def dotted(node: ast.AST) -> str:
    """Write a name or attribute as in the source, or nothing for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return ""
