"""Dockerfiles, as hadolint judges them."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from workbench.policy.linters import says
from workbench.policy.rule import Finding, Rule
from workbench.policy.tree import Tree


def hadolint(tree: Tree) -> Iterator[Finding]:
    """Hadolint has nothing to say about any Dockerfile."""
    found = [str(path) for path in tree.files if path.name.endswith("Dockerfile")]
    if not found:
        return
    for each in says(tree, "hadolint", "--no-color", "--format=json", *found):
        text = f"{each['code']} {each['message']}"
        yield Finding(PurePosixPath(each["file"]), text, each["line"])


RULES = (Rule("E1 hadolint", "write it as hadolint's page says", hadolint),)
