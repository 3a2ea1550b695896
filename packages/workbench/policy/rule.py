"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from workbench.policy.tree import Tree


class Finding(NamedTuple):
    """One place that breaks a rule; ``line`` is 1 when the whole file does."""

    path: PurePosixPath
    text: str
    line: int = 1


class Rule(NamedTuple):
    """A rule of the repository.

    :param name: the requirement and a word, for example ``A8 src-layout``.
    :param mend: what to do about a finding.
    :param check: finds every place that breaks the rule.
    """

    name: str
    mend: str
    check: Callable[[Tree], Iterator[Finding]]

    def report(self, tree: Tree) -> Iterator[str]:
        """Describe each finding in one line, in the order of the files."""
        found = sorted(set(self.check(tree)), key=lambda f: (f.path, f.line, f.text))
        for path, text, line in found:
            yield f"{path}:{line}: {self.name}: {text}; mend: {self.mend}"
