"""Which way the arrows point: between rooms, and between modules."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from workbench.policy import table
from workbench.policy.rule import Finding, Rule
from workbench.policy.source import Import, Source
from workbench.policy.tree import Package, Tree


class Arrows:
    """The imports among the modules of one package.

    :param package: the package; its tests are left out.
    """

    def __init__(self, package: Package) -> None:
        """Keep the modules by name."""
        self.modules = {s.name: s for s in package.sources if not s.is_test}

    @cached_property
    def targets(self) -> dict[str, dict[str, Import]]:
        """For each module the modules that it imports, and by which import."""
        return {
            name: {
                target: found
                for found in source.imports
                if not found.dynamic
                and (target := self._module(found)) not in {"", name}
            }
            for name, source in self.modules.items()
        }

    def circle(self, start: str) -> list[str]:
        """Return the shortest way from a module back to itself, or nothing."""
        ways = [[start]]
        seen = {start}
        while ways:
            way = ways.pop(0)
            for target, found in sorted(self.targets[way[-1]].items()):
                if found.typing:
                    continue
                if target == start:
                    return [*way, start]
                if target not in seen:
                    seen.add(target)
                    ways.append([*way, target])
        return []

    def _module(self, found: Import) -> str:
        """Name the module that an import loads; empty when it is of no concern."""
        for name in (found.target, found.module):
            if name in self.modules:
                return name
        return ""


def circles(tree: Tree) -> Iterator[Finding]:
    """No module imports itself through others."""
    for package in tree.packages:
        arrows = Arrows(package)
        for name, source in arrows.modules.items():
            way = arrows.circle(name)
            if way and name == min(way):
                found = arrows.targets[name][way[1]]
                yield Finding(source.path, " -> ".join(way), found.line)


def arrows_down(tree: Tree) -> Iterator[Finding]:
    """Arrows point down only, also through rooms that have no height."""
    for package in tree.packages:
        layers = table.CORE_LAYERS if package.name == table.CORE else table.JOB_LAYERS
        arrows = Arrows(package)
        for name, source in arrows.modules.items():
            if source.room in layers:
                yield from _upward(arrows, layers, name)


def _upward(arrows: Arrows, layers: Mapping[str, int], start: str) -> Iterator[Finding]:
    """Find what one module of a layer imports at its own height or above."""
    source = arrows.modules[start]
    for target, found in arrows.targets[start].items():
        for reached in sorted(_reached(arrows, layers, target)):
            other = arrows.modules[reached]
            if not _is_lower(layers, source, other):
                way = f" through {target}" if reached != target else ""
                text = f"{source.room} imports {other.room} ({reached}{way})"
                yield Finding(source.path, text, found.line)


def _reached(arrows: Arrows, layers: Mapping[str, int], start: str) -> set[str]:
    """Return the modules with a height reached through modules without one."""
    reached: set[str] = set()
    seen: set[str] = set()
    open_ends = [start]
    while open_ends:
        name = open_ends.pop()
        if name in seen:
            continue
        seen.add(name)
        if arrows.modules[name].room in layers:
            reached.add(name)
        else:
            open_ends += arrows.targets[name]
    return reached


def _is_lower(layers: Mapping[str, int], source: Source, other: Source) -> bool:
    """Tell whether one room may import another."""
    height, below = layers[source.room], layers[other.room]
    together = height == below == table.FLOOR
    return below < height or source.room == other.room or together


RULES = (
    Rule("design circles", "move what both need to a third module", circles),
    Rule(
        "design arrows-down",
        "hand it in through the constructor, or move it down",
        arrows_down,
    ),
)
