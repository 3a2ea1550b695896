"""Linters of other languages, which the workspace environment brings."""

import json
from pathlib import Path
import subprocess
import sys
from typing import Any

from workbench.policy.tree import Tree


def says(tree: Tree, program: str, *arguments: str) -> Any:  # noqa: ANN401
    """Return the JSON that a linter writes about files of a repository."""
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    done = subprocess.run(  # noqa: S603
        command, cwd=tree.root, capture_output=True, check=False
    )
    return json.loads(done.stdout)
