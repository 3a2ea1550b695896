"""What a job is: one file, a well-formed ``JOB``, a test in each tier."""

import ast
from collections.abc import Iterator

from workbench.policy.rule import Finding, Rule
from workbench.policy.source import FUNCTIONS, Source
from workbench.policy.tree import Tree

NO_JOBS = frozenset({"__init__", "registry"})


def job_contract(tree: Tree) -> Iterator[Finding]:
    """Every job has a literal ``JOB = (entrypoint, "description")``."""
    for source in _jobs(tree):
        fault = _fault(source)
        if fault:
            yield Finding(source.path, *fault)


def job_tests(tree: Tree) -> Iterator[Finding]:
    """Every job has a unit and an integration test."""
    for source in _jobs(tree):
        folder = source.path.parent.parent / "tests"
        name = f"test_{source.path.name}"
        for test in (folder / "unit/jobs" / name, folder / "integration" / name):
            if not tree.has(test):
                yield Finding(source.path, f"the job has no {test}")


def _jobs(tree: Tree) -> Iterator[Source]:
    """Yield the modules that the dispatcher takes for jobs."""
    for source in tree.sources:
        stem = source.path.stem
        hidden = stem.startswith("_") or stem in NO_JOBS
        if source.package and source.inner.parent.parts == ("jobs",) and not hidden:
            yield source


def _fault(source: Source) -> tuple[str, int] | None:
    """Say what is wrong with the ``JOB`` of a module, and in which line."""
    values = [found for node in source.tree.body for found in _values(node, "JOB")]
    if not values:
        return "the module has no top-level JOB", 1
    value = values[-1]
    match value:
        case ast.Tuple(elts=[ast.Name(id=name), ast.Constant(value=str(text))]):
            return _part_fault(source, name, text, value.lineno)
    return "JOB is not a literal (entrypoint, description)", value.lineno


def _part_fault(
    source: Source, name: str, text: str, line: int
) -> tuple[str, int] | None:
    """Say what is wrong with the parts of a ``JOB``."""
    if not text.strip():
        return "the description in JOB is empty", line
    if name not in _defined(source):
        return f"JOB names {name}, which the module does not define", line
    for node in source.tree.body:
        if isinstance(node, FUNCTIONS) and node.name == name and not node.args.args:
            return f"{name} does not take argv", node.lineno
    return None


def _values(node: ast.stmt, name: str) -> Iterator[ast.expr]:
    """Yield the value that a statement gives to a name."""
    match node:
        case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
            yield value
        case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value):
            if target == name:
                yield value


def _defined(source: Source) -> set[str]:
    """Return the names that a module defines or imports at its top level."""
    names = {found.name for found in source.imports if not found.nested}
    for node in source.tree.body:
        if isinstance(node, FUNCTIONS):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {t.id for t in node.targets if isinstance(t, ast.Name)}
    return names


RULES = (
    Rule(
        "A8 job-contract",
        'end the module in JOB = (entrypoint, "What it does")',
        job_contract,
    ),
    Rule("A8 job-tests", "write it, as the guide to adding a job shows", job_tests),
)
