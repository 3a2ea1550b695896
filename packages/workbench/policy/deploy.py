"""What a deployable module needs around it: image, infra stack, scripts."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import yaml

from workbench.policy.rule import Finding, Rule
from workbench.policy.shell import is_shell
from workbench.policy.tree import Package, Tree

WORKFLOW = PurePosixPath(".github/workflows/ci.yml")
SCRIPT_PLACES = (
    ".ci/*",
    "infra/manage.sh",
    "infra/*/scripts/*",
    "infra/local/*",
    "packages/*/config_scripts/*",
)


def dockerfile(tree: Tree) -> Iterator[Finding]:
    """Every deployable module has its Dockerfile."""
    for package in _deployable(tree):
        path = PurePosixPath("docker", f"{package.distribution}.Dockerfile")
        if not tree.has(path):
            yield Finding(path, f"{package.name} has jobs but no image")


def dockerfile_place(tree: Tree) -> Iterator[Finding]:
    """Dockerfiles stand in ``docker/`` and are named after a module."""
    known = {f"{package.distribution}.Dockerfile" for package in tree.packages}
    for path in tree.files:
        if not path.name.endswith("Dockerfile"):
            continue
        if path.parent != PurePosixPath("docker") or path.name not in known:
            yield Finding(path, "a Dockerfile is docker/<module>.Dockerfile")


def infra_stack(tree: Tree) -> Iterator[Finding]:
    """Every deployable module has its own Terraform and ``manage.sh``."""
    for package in _deployable(tree):
        stack = PurePosixPath("infra", package.name)
        if not tree.has(stack / "scripts/manage.sh"):
            yield Finding(stack / "scripts/manage.sh", "the file is missing")
        if not any(path.suffix == ".tf" for path in tree.below(str(stack))):
            yield Finding(stack / "main.tf", "the stack has no Terraform")


def script_place(tree: Tree) -> Iterator[Finding]:
    """Shell scripts stand with the stack, module or CI that they serve."""
    for path in tree.files:
        placed = any(_matches(path, place) for place in SCRIPT_PLACES)
        if is_shell(tree, path) and not placed:
            yield Finding(path, "a shell script stands outside the places for them")


def path_filters(tree: Tree) -> Iterator[Finding]:
    """CI tests a package when it changes, or one of ours that it requires."""
    if not tree.has(WORKFLOW):
        return
    filters = _filters(yaml.safe_load(tree.read(WORKFLOW)))
    packages = {str(package.distribution): package.name for package in tree.packages}
    for package in tree.packages:
        own = [packages[name] for name in package.brings() if name in packages]
        watched = filters.get(package.name, ())
        for name in sorted([package.name, *own]):
            if f"packages/{name}/**" not in watched:
                yield Finding(WORKFLOW, f"{package.name} is not tested after {name}")


def _filters(workflow: Any) -> dict[str, list[str]]:  # noqa: ANN401
    """Return the paths that each filter of a workflow watches."""
    return {
        name: [path for each in paths for path in _flat(each)]
        for job in workflow.get("jobs", {}).values()
        for step in job.get("steps", ())
        if "filters" in step.get("with", {})
        for name, paths in yaml.safe_load(step["with"]["filters"]).items()
    }


def _flat(entry: str | list[str]) -> list[str]:
    """Return a path, or the paths of a shared list."""
    return [entry] if isinstance(entry, str) else entry


def _matches(path: PurePosixPath, place: str) -> bool:
    """Tell whether a path is at or below a place."""
    return any(part.match(place) for part in (path, *path.parents))


def _deployable(tree: Tree) -> Iterator[Package]:
    """Yield the modules that an image runs."""
    return (package for package in tree.packages if package.is_deployable)


RULES = (
    Rule("A8 dockerfile", "write it after docker/data-pipeline.Dockerfile", dockerfile),
    Rule(
        "A8 dockerfile-place", "move it, or name the module it is of", dockerfile_place
    ),
    Rule(
        "A8 infra-stack",
        "give the module infra/<module>/ with *.tf and scripts/manage.sh",
        infra_stack,
    ),
    Rule(
        "A8 script-place",
        "move it to infra/<module>/scripts, config_scripts or .ci",
        script_place,
    ),
    Rule("CI path-filters", "add packages/<name>/** to its filter", path_filters),
)
