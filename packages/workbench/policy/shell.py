"""Shell scripts, as shellcheck judges them."""

from collections.abc import Iterator
from pathlib import PurePosixPath
import re

from workbench.policy.linters import says
from workbench.policy.rule import Finding, Rule
from workbench.policy.tree import Tree

SHEBANG = re.compile(r"#!.*\b(ba|da|k)?sh\b")


def is_shell(tree: Tree, path: PurePosixPath) -> bool:
    """Tell a shell script by its ending or its first line."""
    if path.suffix:
        return path.suffix in {".sh", ".bash"}
    with (tree.root / path).open(encoding="utf-8", errors="replace") as file:
        return bool(SHEBANG.match(file.readline(80)))


def shellcheck(tree: Tree) -> Iterator[Finding]:
    """Shellcheck has nothing to say about any script."""
    scripts = [str(path) for path in tree.files if is_shell(tree, path)]
    if not scripts:
        return
    found = says(tree, "shellcheck", "--format=json1", *scripts)
    for comment in found["comments"]:
        text = f"SC{comment['code']} {comment['message']}"
        yield Finding(PurePosixPath(comment["file"]), text, comment["line"])


RULES = (Rule("A8 shellcheck", "write it as shellcheck's page says", shellcheck),)
