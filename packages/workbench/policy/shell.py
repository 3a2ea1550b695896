"""Shell scripts, as shellcheck judges them."""

from collections.abc import Iterator
import json
from pathlib import Path, PurePosixPath
import re
import subprocess
import sys

from workbench.policy.rule import Finding, Rule
from workbench.policy.tree import Tree

SHELLCHECK = Path(sys.executable).with_name("shellcheck")
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
    command = [str(SHELLCHECK), "--format=json1", *scripts]
    done = subprocess.run(  # noqa: S603
        command, cwd=tree.root, capture_output=True, check=False
    )
    for comment in json.loads(done.stdout)["comments"]:
        text = f"SC{comment['code']} {comment['message']}"
        yield Finding(PurePosixPath(comment["file"]), text, comment["line"])


RULES = (Rule("A8 shellcheck", "write it as shellcheck's page says", shellcheck),)
