"""Find locks that no longer agree with the packages they repeat.

Poetry compares a lock only with the project beside it. The lock also repeats what
the packages of this repository required when it was made; when one of them has
changed since, Poetry notices nothing and installs too little.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, NormalizedName
import tomli

from workbench.policy.rule import Finding, Rule
from workbench.policy.tree import Package, Tree

Needs = set[tuple[NormalizedName, SpecifierSet]]
"""Distributions and their versions."""


def needs(requirements: Iterable[Requirement]) -> Needs:
    """Reduce requirements to what a lock repeats of them."""
    return {(canonicalize_name(each.name), each.specifier) for each in requirements}


def required(package: Package) -> list[Needs]:
    """Return what a package always requires, then what each extra adds."""
    extras = [lines for _, lines in sorted(package.extras.items())]
    return [needs(package.requirements), *map(needs, extras)]


def locked(entry: Mapping[str, Any]) -> list[Needs]:
    """Return the same as a lock has it.

    Of the dependencies of extras it has only those that are wanted, marked optional.
    """
    always = {
        (canonicalize_name(name), SpecifierSet(version))
        for name, declared in entry.get("dependencies", {}).items()
        for version in _versions(declared)
    }
    extras = sorted(entry.get("extras", {}).items())
    return [always, *(needs(map(Requirement, lines)) for _, lines in extras)]


def _versions(declared: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield the versions that a lock always wants: of a text, a table or a list."""
    for each in declared if isinstance(declared, list) else [declared]:
        if isinstance(each, str):
            yield each
        elif not each.get("optional"):
            yield each["version"]


def stale_lock(tree: Tree) -> Iterator[Finding]:
    """Every lock repeats the packages of this repository as they are now."""
    packages = {str(package.distribution): package for package in tree.packages}
    for package in tree.packages:
        path = package.folder / "poetry.lock"
        lock = tomli.loads(tree.read(path)) if tree.has(path) else {}
        for entry in lock.get("package", ()):
            own = packages.get(entry["name"])
            if own and locked(entry) != required(own):
                yield Finding(path, f"{own.name} has changed since it was made")


RULES = (Rule("A2 stale-lock", "make lock", stale_lock),)
