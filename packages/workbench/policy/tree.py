"""The repository as the rules see it: files, packages, parsed sources."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib.metadata import packages_distributions
import os
from pathlib import Path, PurePosixPath
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pathspec import GitIgnoreSpec
import tomli

from workbench.policy.source import Source


class Package:
    """One Poetry project below ``packages/``.

    :param folder: the project, from the root of the repository.
    :param project: its parsed ``pyproject.toml``; empty when there is none.
    :param sources: its Python files.
    """

    def __init__(
        self,
        folder: PurePosixPath,
        project: Mapping[str, Any],
        sources: tuple[Source, ...],
    ) -> None:
        """Keep what the rules ask for."""
        self.folder = folder
        self.name = folder.name
        self.distribution = canonicalize_name(folder.name)
        self.metadata: Mapping[str, Any] = project.get("project", {})
        self.groups = project.get("tool", {}).get("poetry", {}).get("group", {})
        self.sources = sources

    @cached_property
    def requirements(self) -> tuple[Requirement, ...]:
        """What a plain install brings."""
        return tuple(map(Requirement, self.metadata.get("dependencies", ())))

    @cached_property
    def extras(self) -> dict[str, tuple[Requirement, ...]]:
        """What each extra brings on top."""
        declared = self.metadata.get("optional-dependencies", {})
        return {
            extra: tuple(map(Requirement, lines)) for extra, lines in declared.items()
        }

    def brings(self, *extras: str) -> frozenset[str]:
        """Return the distributions that an install with these extras declares."""
        chosen = [*self.requirements]
        for extra in extras:
            chosen += self.extras.get(extra, ())
        return frozenset(canonicalize_name(requirement.name) for requirement in chosen)

    @cached_property
    def development(self) -> frozenset[str]:
        """The distributions of its development groups."""
        return frozenset(
            canonicalize_name(name)
            for group in self.groups.values()
            for name in group.get("dependencies", {})
        )

    @cached_property
    def is_deployable(self) -> bool:
        """Whether it has jobs and console scripts, so that an image runs them."""
        has_jobs = any(source.room == "jobs" for source in self.sources)
        return has_jobs and bool(self.metadata.get("scripts"))


class Tree:
    """The repository; what git ignores is not part of it.

    :param root: the folder of the repository.
    :param distributions: which distributions bring an importable name.
    """

    def __init__(
        self,
        root: Path,
        distributions: Callable[[], Mapping[str, list[str]]] = packages_distributions,
    ) -> None:
        """Read nothing yet."""
        self.root = root
        self._distributions = distributions

    @cached_property
    def files(self) -> tuple[PurePosixPath, ...]:
        """Every file, from the root, sorted."""
        ignore = self.root / ".gitignore"
        lines = ignore.read_text().splitlines() if ignore.exists() else []
        return tuple(
            sorted(_walk(self.root, GitIgnoreSpec.from_lines([*lines, ".git"])))
        )

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Every Python file."""
        return tuple(
            Source(self.root, path) for path in self.files if path.suffix == ".py"
        )

    @cached_property
    def packages(self) -> tuple[Package, ...]:
        """Every folder below ``packages/`` that holds a file."""
        inside = [path for path in self.below("packages") if len(path.parts) > 2]
        names = sorted({path.parts[1] for path in inside})
        return tuple(map(self._package, names))

    @cached_property
    def distributions(self) -> Mapping[str, list[str]]:
        """Which distributions bring an importable name."""
        own: dict[str, list[str]] = {
            package.name: [package.distribution] for package in self.packages
        }
        return {**self._distributions(), **own}

    def below(self, folder: str) -> tuple[PurePosixPath, ...]:
        """Return the files below a folder, at any depth."""
        return tuple(path for path in self.files if path.is_relative_to(folder))

    def has(self, path: PurePosixPath) -> bool:
        """Tell whether a file is there."""
        return path in self._known

    def read(self, path: PurePosixPath) -> str:
        """Return the text of a file; bytes that are no text are replaced."""
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    @cached_property
    def _known(self) -> frozenset[PurePosixPath]:
        """The files as a set."""
        return frozenset(self.files)

    def _package(self, name: str) -> Package:
        """Read one project."""
        folder = PurePosixPath("packages", name)
        manifest = folder / "pyproject.toml"
        project = tomli.loads(self.read(manifest)) if self.has(manifest) else {}
        sources = tuple(source for source in self.sources if source.package == name)
        return Package(folder, project, sources)


def _walk(root: Path, ignored: GitIgnoreSpec) -> Iterator[PurePosixPath]:
    """Yield the files that are not ignored, from the root."""
    for folder, folders, names in os.walk(root):
        here = PurePosixPath(Path(folder).relative_to(root).as_posix())
        folders[:] = [
            name for name in folders if not ignored.match_file(f"{here / name}/")
        ]
        for name in names:
            if not ignored.match_file(str(here / name)):
                yield here / name
