"""What may be imported, and where the import stands."""

from collections.abc import Iterator
import sys

from packaging.utils import canonicalize_name

from workbench.policy import table
from workbench.policy.rule import Finding, Rule
from workbench.policy.source import dotted, Import, Source
from workbench.policy.tree import Package, Tree


def imports_at_top(tree: Tree) -> Iterator[Finding]:
    """No import stands inside a function."""
    for source in tree.sources:
        for found in source.imports:
            if found.nested and not found.dynamic:
                yield Finding(
                    source.path, f"{found.module} is imported in a function", found.line
                )


def sys_path(tree: Tree) -> Iterator[Finding]:
    """Nothing changes where Python looks for modules."""
    for source in tree.sources:
        taken = any(i.module == "sys" and i.name == "path" for i in source.imports)
        for node in source.nodes:
            name = dotted(node)
            if name == "sys.path" or (taken and name == "path"):
                yield Finding(
                    source.path, "sys.path is used", getattr(node, "lineno", 1)
                )
            elif name.startswith("site.addsitedir"):
                yield Finding(
                    source.path, "site.addsitedir is used", getattr(node, "lineno", 1)
                )


def cross_module(tree: Tree) -> Iterator[Finding]:
    """A job module imports of this repository only etl_core and the schema."""
    own = {package.name for package in tree.packages}
    for package in tree.packages:
        allowed = _siblings_allowed(package)
        for source, found in _imports(package):
            tested = {table.SCHEMA} if _may_use_tables(source) else set()
            if found.root in own - allowed - tested:
                yield Finding(
                    source.path,
                    f"{package.name} imports its sibling {found.root}",
                    found.line,
                )


def _may_use_tables(source: Source) -> bool:
    """Let the tests of a job module make the tables that its SQL is about."""
    return source.is_test and source.package != table.CORE


def _siblings_allowed(package: Package) -> set[str]:
    """Return the packages of this repository that one may import."""
    declared = package.brings(*package.extras)
    allowed = {package.name}
    if package.name == table.CORE:
        return allowed
    if package.name == table.WORKBENCH:
        return allowed | {name.replace("-", "_") for name in declared}
    if canonicalize_name(table.SCHEMA) in declared:
        allowed.add(table.SCHEMA)
    return allowed | {table.CORE}


def django_in_core(tree: Tree) -> Iterator[Finding]:
    """etl_core knows neither Django nor the models."""
    for source in tree.sources:
        if source.package != table.CORE:
            continue
        for found in source.imports:
            if found.root in {"django", table.SCHEMA}:
                yield Finding(source.path, f"{found.module} is imported", found.line)


def undeclared(tree: Tree) -> Iterator[Finding]:
    """A package declares what it imports; the workspace environment hides a lack."""
    tools = _workspace(tree)
    for package in tree.packages:
        for source, found in _imports(package):
            if found.typing or found.dynamic or not _is_foreign(package, found):
                continue
            bring = set(_distributions(tree, found.root))
            if bring.isdisjoint(_declared(package, source, tools)):
                yield Finding(
                    source.path,
                    f"{found.root} is imported but not declared{_where(source)}",
                    found.line,
                )


def _workspace(tree: Tree) -> frozenset[str]:
    """Return what the workspace environment declares, for the tests of any package."""
    packages = {package.distribution: package for package in tree.packages}
    declared: frozenset[str] = frozenset()
    for package in tree.packages:
        if package.name == table.WORKBENCH:
            declared |= package.brings() | package.development
            for requirement in package.requirements:
                own = packages.get(canonicalize_name(requirement.name))
                declared |= own.brings(*requirement.extras) if own else set()
    return declared


def _distributions(tree: Tree, name: str) -> Iterator[str]:
    """Name the distributions whose declaration covers an importable name."""
    for distribution in tree.distributions.get(name, [name]):
        canonical = canonicalize_name(distribution)
        yield canonical
        yield table.COMPANIONS.get(canonical, canonical)


def _is_foreign(package: Package, found: Import) -> bool:
    """Tell whether an import comes from neither Python nor the package itself."""
    own = found.module.startswith(".") or found.root == package.name
    return not own and found.root not in sys.stdlib_module_names


def _declared(
    package: Package, source: Source, tools: frozenset[str]
) -> frozenset[str]:
    """Return the distributions that a file may import."""
    if source.is_test:
        return package.brings(*package.extras) | package.development | tools
    extra = table.extra_of(source.name)
    return package.brings(extra) if extra else package.brings()


def _where(source: Source) -> str:
    """Name the extra that ought to declare it."""
    extra = table.extra_of(source.name)
    return f" in the extra {extra}" if extra and not source.is_test else ""


def needs_extra(tree: Tree) -> Iterator[Finding]:
    """What a plain install lacks is not imported by what it runs."""
    for package in tree.packages:
        for source, found in _imports(package):
            extra = table.extra_of(found.target)
            if not extra or source.is_test or found.typing or found.dynamic:
                continue
            if not table.extra_of(source.name) and not _requires(package, found, extra):
                yield Finding(
                    source.path, f"{found.target} needs the extra {extra}", found.line
                )


def _requires(package: Package, found: Import, extra: str) -> bool:
    """Tell whether a plain install brings the extra of another package."""
    wanted = canonicalize_name(found.root)
    return any(
        canonicalize_name(requirement.name) == wanted and extra in requirement.extras
        for requirement in package.requirements
    )


def boto3_seam(tree: Tree) -> Iterator[Finding]:
    """One file makes clients of S3; tests and their servers make their own."""
    for source in tree.sources:
        exempt = source.is_test or source.room == "testing" or not source.package
        if exempt or str(source.path) == table.CLIENT_MAKERS:
            continue
        for found in source.imports:
            if found.root == "boto3" and not found.typing:
                yield Finding(source.path, "boto3 is imported", found.line)


def _imports(package: Package) -> Iterator[tuple[Source, Import]]:
    """Yield every import of a package with its file."""
    for source in package.sources:
        for found in source.imports:
            yield source, found


RULES = (
    Rule(
        "A8 imports-at-top",
        "import at the top; load an optional driver's module through importlib",
        imports_at_top,
    ),
    Rule("A8 sys-path", "install the package instead: make setup", sys_path),
    Rule(
        "A8 cross-module",
        "move what both need to etl_core, or declare etl_database_schema",
        cross_module,
    ),
    Rule("A8 django-in-core", "move it to etl_database_schema", django_in_core),
    Rule("A8 undeclared", "declare it in pyproject.toml and make lock", undeclared),
    Rule(
        "A8 needs-extra",
        "load it by name where it is needed, or require the extra",
        needs_extra,
    ),
    Rule("A6 boto3-seam", f"take a client from {table.CLIENT_MAKERS}", boto3_seam),
)
