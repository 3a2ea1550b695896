"""Where SQL may stand."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath
import re

from workbench.policy import table
from workbench.policy.rule import Finding, Rule
from workbench.policy.source import Source
from workbench.policy.tree import Tree

COLUMN = r'(?:\*|[\w."()]+(?:\s+as\s+\w+)?)'
MODIFIER = r"(?:or|replace|temp|temporary|transient|unlogged|external|foreign)"
STATEMENT = re.compile(
    r"""
    \A (?: \s | \( | --[^\n]*\n | /\*.*?\*/ )*
    (?:
        (?: WITH\b .{1,2000}? )? SELECT\b .+ \bFROM\b
      | (?i: select\s+(?:distinct\s+)?COLUMN(?:\s*,\s*COLUMN)*\s+from\s+["\w] )
      | (?i: insert\s+into\s+["\w{] .* (?: values | select | \( | default ) )
      | (?i: update\s+(?:only\s+)?["\w.{}]+ (?:\s+(?:as\s+)?\w+)? \s+set\s+.*= )
      | (?i: delete\s+from\s+["\w{] )
      | (?i: merge\s+into\s+["\w{] )
      | (?i: (?:create|alter|drop|truncate)\s+(?:MODIFIER\s+)*table\s+["\w{] )
    )
    """.replace("COLUMN", COLUMN).replace("MODIFIER", MODIFIER),
    re.VERBOSE | re.DOTALL,
)
ALLOWED = frozenset({"repositories", "migrations", "tests"})


def sql_place(tree: Tree) -> Iterator[Finding]:
    """SQL stands in repositories, in migrations and in tests."""
    for source in tree.sources:
        if not _may_hold_sql(source.path) and not _is_spool(source):
            for line, text in _strings(source):
                if STATEMENT.match(text):
                    words = " ".join(text.split())[:40]
                    yield Finding(source.path, f"SQL stands here: {words}", line)
    for path in tree.below("packages"):
        if path.suffix == ".sql" and not _may_hold_sql(path):
            yield Finding(path, "an SQL file stands here")


def _may_hold_sql(path: PurePosixPath) -> bool:
    """Tell whether a file is in a place for SQL, or outside the packages."""
    first, *rest = path.parts
    testing = rest[:2] == ["etl_core", "testing"]
    return first != "packages" or testing or not ALLOWED.isdisjoint(rest)


def _is_spool(source: Source) -> bool:
    """Tell whether a file of etl_core works on a private file through SQLite.

    Its tables are no domain's: they live as long as one run.
    """
    embedded = any(found.root == "sqlite3" for found in source.imports)
    return source.package == table.CORE and embedded


def _strings(source: Source) -> Iterator[tuple[int, str]]:
    """Yield each string with its line, put together, without the docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in source.nodes
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    parts = {
        id(child)
        for node in source.nodes
        if isinstance(node, (ast.JoinedStr, ast.BinOp))
        for child in ast.iter_child_nodes(node)
    }
    for node in source.nodes:
        if isinstance(node, ast.expr) and id(node) not in docstrings | parts:
            text = _text(node)
            if text:
                yield node.lineno, text


def _text(node: ast.AST) -> str:
    """Put a string together; what is only known later stands as ``{}``."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_text(value) or "{}" for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            texts = _text(left), _text(right)
            return "".join(text or "{}" for text in texts) if any(texts) else ""
        case ast.BinOp(left=left, op=ast.Mod()):
            return _text(left)
    return ""


RULES = (
    Rule(
        "A8 sql-in-repositories",
        "move it behind a named method of a class in repositories/",
        sql_place,
    ),
)
