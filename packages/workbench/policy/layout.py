"""Where files stand: the root, the packages, what Django would bring."""

from collections.abc import Iterator
from pathlib import PurePosixPath
import sys

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from workbench.policy import table
from workbench.policy.rule import Finding, Rule
from workbench.policy.tree import Package, Tree

DJANGO_FILES = frozenset(
    {"manage.py", "settings.py", "wsgi.py", "asgi.py", "urls.py", "views.py", "apps.py"}
)
OWNERLESS = frozenset({"utils", "util", "helpers", "common", "misc", "base"})


def root_entries(tree: Tree) -> Iterator[Finding]:
    """The root has the agreed folders and files, and dotfiles."""
    for path in tree.files:
        first = path.parts[0]
        agreed = table.ROOT_FILES if len(path.parts) == 1 else table.ROOT_FOLDERS
        if first not in agreed and not first.startswith("."):
            yield Finding(path, f"{first} stands at the root of the repository")


def src_layout(tree: Tree) -> Iterator[Finding]:
    """No package has a ``src/`` folder."""
    for package in tree.packages:
        inside = tree.below(f"{package.folder}/src")
        if inside:
            yield Finding(inside[0], f"{package.name} has its sources below src/")


def project_files(tree: Tree) -> Iterator[Finding]:
    """Every package has the files of a project, and tests."""
    for package in tree.packages:
        for name in table.PROJECT_FILES:
            if not tree.has(package.folder / name):
                yield Finding(package.folder / name, "the file is missing")
        if not any(source.is_test for source in package.sources):
            yield Finding(package.folder / "tests", "the package has no tests")


def import_name(tree: Tree) -> Iterator[Finding]:
    """The project is named after its folder, and so are its console scripts."""
    for package in tree.packages:
        manifest = package.folder / "pyproject.toml"
        name = package.metadata.get("name", package.distribution)
        if canonicalize_name(name) != package.distribution:
            yield Finding(manifest, f"the project is named {name}")
        for script, target in package.metadata.get("scripts", {}).items():
            if not target.startswith(f"{package.name}."):
                yield Finding(manifest, f"script {script} runs {target}")


def django_files(tree: Tree) -> Iterator[Finding]:
    """No job module has the shape of a Django project."""
    for package in tree.packages:
        if package.name == table.SCHEMA:
            continue
        forbidden = DJANGO_FILES - _settings_allowed(package)
        for path in tree.below(str(package.folder)):
            if path.name in forbidden:
                yield Finding(path, f"{path.name} belongs to a Django project")
            elif "management/commands/" in str(path) or "legacy_django" in path.parts:
                yield Finding(path, "the folder belongs to a Django project")


def _settings_allowed(package: Package) -> frozenset[str]:
    """Let a module that declares the schema have its minimal settings."""
    declared = package.brings(*package.extras)
    uses_schema = canonicalize_name(table.SCHEMA) in declared
    return frozenset({"settings.py"}) if uses_schema else frozenset()


def stdlib_shadow(tree: Tree) -> Iterator[Finding]:
    """No top-level module or package is named like one of Python's."""
    for package in tree.packages:
        tops = {package.name: package.folder}
        for source in package.sources:
            top = PurePosixPath(source.inner.parts[0])
            tops[top.stem] = package.folder / top
        for name, path in tops.items():
            if name in sys.stdlib_module_names:
                yield Finding(path, f"the name shadows Python's own module {name}")


def owner(tree: Tree) -> Iterator[Finding]:
    """No module or folder has a name that says nothing."""
    for source in tree.sources:
        for part in source.inner.with_suffix("").parts:
            if part in OWNERLESS:
                yield Finding(source.path, f"{part} says nothing about what is inside")


def own_requirements(tree: Tree) -> Iterator[Finding]:
    """A package of ours is required by version, never by a path or address."""
    for package in tree.packages:
        for requirement in _all_requirements(package):
            if requirement.url or not requirement.specifier:
                yield Finding(
                    package.folder / "pyproject.toml",
                    f"{requirement.name} is declared without a version range",
                )


def _all_requirements(package: Package) -> Iterator[Requirement]:
    """Yield what the package and its extras require."""
    yield from package.requirements
    for requirements in package.extras.values():
        yield from requirements


RULES = (
    Rule(
        "A2 root-entries",
        "move it into packages/, docker/, infra/ or docs/",
        root_entries,
    ),
    Rule(
        "A8 src-layout",
        "move the sources to the package root and say so in the pull request",
        src_layout,
    ),
    Rule("A8 project-files", "add it, as in packages/data_pipeline", project_files),
    Rule(
        "A2 import-name",
        "one import name per package, equal to the folder's name",
        import_name,
    ),
    Rule(
        "A8 django-files",
        "turn it into a command below cli/ or move models to etl_database_schema",
        django_files,
    ),
    Rule("A8 stdlib-shadow", "give the module another name", stdlib_shadow),
    Rule("A5 owner", "name it after what it holds, or find its owner", owner),
    Rule(
        "A3 requirements",
        "write a version range in [project]; the path goes to [tool.poetry]",
        own_requirements,
    ),
)
