"""YAML as data, with the place of everything in it.

Scalars stay the text that was written: ``no`` in a list of allowed values is a country
and not false. What a text means is decided by the model that takes it.
"""

from typing import Any, NamedTuple

import yaml

from data_pipeline.contracts.faults import ContractError, Fault

Place = tuple[int | str, ...]
NODES = 100_000


class Mark(NamedTuple):
    """A place in the text, counted from 1."""

    line: int
    column: int


class Marked(NamedTuple):
    """The data of a text.

    :param values: where the value at a path begins.
    :param keys: where the name of the value at a path begins.
    """

    location: str
    data: Any
    values: dict[Place, Mark]
    keys: dict[Place, Mark]

    def fault(self, place: Place, message: str) -> Fault:
        """Return a fault at the closest place that was written."""
        for end in range(len(place), -1, -1):
            mark = self.values.get(place[:end])
            if mark is not None:
                break
        mark = self.keys.get(place, mark) if "not known" in message else mark
        line, column = mark or Mark(1, 1)
        return Fault(self.location, line, column, message)


def parse(text: str, location: str) -> Marked:
    """Return the data of a YAML text.

    :raises ContractError: when it is not YAML, or names something twice.
    """
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        fault = Fault(location, line, column, _problem(error))
        raise ContractError([fault]) from None
    except yaml.YAMLError as error:
        raise ContractError([Fault(location, 1, 1, f"not YAML: {error}")]) from None
    if node is None:
        raise ContractError([Fault(location, 1, 1, "the file is empty")])
    reader = _Reader(location)
    data = reader.read(node, (), ())
    if reader.faults:
        raise ContractError(reader.faults)
    return Marked(location, data, reader.values, reader.keys)


def _problem(error: yaml.MarkedYAMLError) -> str:
    """Return what a parser stumbled over, in one line."""
    found = " ".join(str(error.problem).split())
    return f"not YAML: {found}; is the line indented like its neighbours?"


class _Reader:
    """Takes a tree of nodes apart."""

    def __init__(self, location: str) -> None:
        """Begin with nothing."""
        self.location = location
        self.values: dict[Place, Mark] = {}
        self.keys: dict[Place, Mark] = {}
        self.faults: list[Fault] = []

    def read(
        self, node: yaml.Node, place: Place, above: tuple[yaml.Node, ...]
    ) -> object:
        """Return the data of a node."""
        mark = _mark(node)
        if node in above or len(self.values) > NODES:
            self._blame(mark, "the text repeats itself without end; write it out")
            return None
        self.values[place] = mark
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place, (*above, node))
        if isinstance(node, yaml.SequenceNode):
            return [
                self.read(each, (*place, at), (*above, node))
                for at, each in enumerate(node.value)
            ]
        empty = not node.value and getattr(node, "style", None) is None
        return None if empty else node.value

    def _mapping(
        self, node: yaml.MappingNode, place: Place, above: tuple[yaml.Node, ...]
    ) -> dict[str, Any]:
        """Return an object; a name that stands twice is a fault."""
        found: dict[str, Any] = {}
        for key, value in node.value:
            name, mark = str(key.value), _mark(key)
            if name in found:
                self._blame(mark, f"{name!r} stands here twice; remove one")
            here: Place = (*place, name)
            self.keys[here] = mark
            found[name] = self.read(value, (*place, name), above)
        return {name: value for name, value in found.items() if value is not None}

    def _blame(self, mark: Mark, message: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(self.location, mark.line, mark.column, message))


def _mark(node: yaml.Node) -> Mark:
    """Return where a node begins."""
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)
