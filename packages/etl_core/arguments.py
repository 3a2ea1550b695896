"""The argument parser of verbs and jobs: examples first, one line for an error."""

import argparse
import inspect
from typing import NoReturn

from etl_core.errors import ConfigError


class Parser(argparse.ArgumentParser):
    """Starts its help with commands to copy and raises what is wrong.

    :param prog: the command in front of the options.
    :param docstring: of the module; its first line says what the command does, the
        block after ``Examples::`` how it is called.
    """

    def __init__(self, prog: str, docstring: str | None) -> None:
        """Take the description and the examples out of the docstring."""
        text = inspect.cleandoc(docstring or "")
        super().__init__(
            prog,
            usage=f"{prog} [options]",
            description=text.partition("\n")[0],
            allow_abbrev=False,
        )
        self._examples = examples(text)

    def format_help(self) -> str:
        """Return the help, the examples in front of everything."""
        lines = [f"  {example}\n" for example in self._examples]
        return "".join([*lines, "\n" if lines else "", super().format_help()])

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments.

        :raises ConfigError: in one line, instead of printing the usage and leaving.
        """
        raise ConfigError(f"{message} (see {self.prog} --help)")


def examples(docstring: str) -> list[str]:
    """Return the commands in the ``Examples::`` block of a cleaned docstring."""
    _, found, block = docstring.partition("Examples::\n")
    commands: list[str] = []
    for line in block.splitlines() if found else ():
        if line.strip() and not line.startswith(" "):
            break
        commands += [line.strip()] if line.strip() else []
    return commands
