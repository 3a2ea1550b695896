"""Write the generated parts of the documentation, or check that they are fresh.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->`` on a page below
``docs/``. What it says is read from the code: settings, options, verbs, exit codes,
log lines and the Makefile. The rest of a page is written by hand and tested.

Examples::

    python -m workbench.reference
    python -m workbench.reference --check
"""

import argparse
import ast
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
import importlib
import inspect
from pathlib import Path
import re
import subprocess
import sys

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from etl_core import config, errors, registry
from etl_core.arguments import examples
from etl_core.console import COMMANDS, verb_packages
from etl_core.errors import EtlError, ExitCode
from etl_core.options import (
    add_run_options,
    job_parser,
    JobParser,
    option_table,
    OptionRow,
    RUN_OPTIONS,
)
from workbench import database
from workbench.policy.source import Source
from workbench.policy.tree import Tree

COMMAND = "python -m workbench.reference"
ROOT = Path(__file__).resolve().parents[2]
PART = re.compile(
    r"(?P<open><!-- generated: (?P<name>[^>]+) -->\n).*?(?P<close><!-- end -->)",
    re.DOTALL,
)
VERB = re.compile(r"^([a-z0-9-]+):.*? ## (.+)$", re.MULTILINE)
WIDTH = 88
END = "\f"
HELPS = """
import contextlib, importlib, sys
program = importlib.import_module(sys.argv[1])
for name in sys.argv[2:]:
    with contextlib.suppress(SystemExit):
        program.main([name, "--help"])
    sys.stdout.write("\\f")
"""
LEVELS = ("debug", "info", "warning", "error", "exception")
SHARED = frozenset(option.flag for option in RUN_OPTIONS)
NO_TABLE = "It has no option that the environment can set.\n"

Part = Callable[[], str]


class Reference:
    """What the code says about itself, part by part.

    :param root: the folder of the repository.
    """

    def __init__(self, root: Path) -> None:
        """Name the parts; none is made yet."""
        self._root = root
        self.programs = tuple(
            f"{folder.parent.name}.jobs"
            for folder in sorted(root.glob("packages/*/jobs"))
            if (folder / "__init__.py").is_file()
        )
        self.parts: dict[str, Part] = {
            "verbs": partial(verbs, COMMANDS),
            "verb options": partial(self.verb_options, COMMANDS),
            "run options": run_options,
            "option variables": self.option_variables,
            "exit codes": exit_codes,
            "errors": error_classes,
            "make verbs": self.make_verbs,
            "log events": self.log_events,
            "database diagram": database.diagram,
            "database tables": database_tables,
            "database constraints": database_constraints,
            **{
                f"verbs {package}": partial(verbs, package)
                for package in self.own_verbs()
            },
            **{
                f"verb options {package}": partial(self.verb_options, package)
                for package in self.own_verbs()
            },
            **{
                f"settings {group.__name__}": partial(settings, group)
                for group in groups()
            },
            **{
                f"options {program} {job}": partial(job_options, program, job)
                for program, job in self.jobs()
            },
        }

    def own_verbs(self) -> list[str]:
        """Return the packages with verbs of one program alone."""
        return [
            package
            for program in self.programs
            for package in verb_packages(registry.Program(program, ""))[1:]
        ]

    def jobs(self) -> Iterator[tuple[str, str]]:
        """Yield the package and the name of every job."""
        for program in self.programs:
            for job in registry.job_names(program):
                yield program, job

    def verb_options(self, package: str) -> str:
        """Return the help of every verb, as the first program that has it prints it."""
        names = [verb.name for verb in registry.verbs(package)]
        owners = [it for it in self.programs if it.partition(".")[0] in package]
        program = (owners or self.programs)[0].replace(".jobs", ".cli.main")
        return "\n\n".join(
            f"### {name}\n\n```text\n{text.rstrip()}\n```"
            for name, text in zip(names, _helps(program, *names), strict=True)
        )

    def option_variables(self) -> str:
        """Return every variable that is the twin of an option."""
        rows = [(row, "every job") for row in option_table(_run_parser())]
        for program, job in self.jobs():
            rows += [(row, f"`{job}`") for row in own_options(program, job)]
        return table(
            ("variable", "option", "job"),
            ((f"`{row.variable}`", f"`{row.flag}`", job) for row, job in rows),
        )

    def make_verbs(self) -> str:
        """Return the verbs of the Makefile as its help shows them."""
        found = VERB.findall((self._root / "Makefile").read_text(encoding="utf-8"))
        return table(
            ("command", "what it does"),
            ((f"`make {verb}`", escaped(text)) for verb, text in found),
        )

    def log_events(self) -> str:
        """Return the log lines that our own code writes."""
        sources = [
            source
            for source in Tree(self._root).sources
            if source.package and not source.is_test
        ]
        rows = sorted({row for source in sources for row in events(source)})
        return table(("event", "level", "fields"), rows)

    def refreshed(self, text: str) -> str:
        """Return a page with its parts as the code has them now.

        :raises KeyError: when a page names a part that does not exist.
        """
        return PART.sub(
            lambda found: (
                found["open"] + self.parts[found["name"]]() + "\n" + found["close"]
            ),
            text,
        )


def verbs(package: str) -> str:
    """Return the verbs of a package, with their examples."""
    return table(
        ("command", "what it does", "for example"),
        (
            (f"`{verb.name}`", text, _examples(f"{package}.{verb.name}"))
            for verb in registry.verbs(package)
            for text in [escaped(verb.description)]
        ),
    )


def _examples(module: str) -> str:
    """Return the examples in the docstring of a verb."""
    docstring = inspect.getdoc(importlib.import_module(module)) or ""
    return "<br>".join(f"`{command}`" for command in examples(docstring))


@cache
def _helps(program: str, *names: str) -> list[str]:
    """Return what verbs print when asked for help, in a process of known width."""
    printed = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-c", HELPS, program, *names],
        env={**config.environment(), "COLUMNS": str(WIDTH)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return printed.split(END)[:-1]


def run_options() -> str:
    """Return the options that every job has."""
    parser = _run_parser()
    return _options(parser, option_table(parser))


def job_options(program: str, job: str) -> str:
    """Return the options that one job has beside those of every job."""
    parser = _parser(program, job)
    return _options(parser, own_options(program, job)) if parser else NO_TABLE


def own_options(program: str, job: str) -> list[OptionRow]:
    """Return the options of a job that not every job has."""
    parser = _parser(program, job)
    rows = option_table(parser) if parser else []
    return [row for row in rows if row.flag not in SHARED]


def _run_parser() -> JobParser:
    """Return a parser that has what every job has, and nothing else."""
    parser = job_parser("<job>", None)
    add_run_options(parser)
    return parser


def _parser(program: str, job: str) -> JobParser | None:
    """Return the parser of a job; a job without ``parser()`` has its own ways."""
    parser = registry.load_parser(program, job)
    return parser if isinstance(parser, JobParser) else None


def _options(parser: JobParser, rows: Iterable[OptionRow]) -> str:
    """Return a table of options, each with what it takes."""
    takes = {
        flag: "\\|".join(action.choices or ()) or str(action.metavar or "")
        for action in parser._actions
        for flag in action.option_strings
    }
    return table(
        ("option", "variable", "what it does"),
        (
            (f"`{f'{row.flag} {takes[row.flag]}'.strip()}`", f"`{row.variable}`", text)
            for row in rows
            for text in [escaped(row.help)]
        ),
    )


def groups() -> list[type[config.Settings]]:
    """Return the settings classes of the core, in the order of the file."""
    return [
        group
        for group in vars(config).values()
        if isinstance(group, type) and issubclass(group, config.Settings)
        if group.VARIABLES
    ]


def settings(group: type[config.Settings]) -> str:
    """Return the variables of a settings class."""
    return table(
        ("variable", "default", "means"),
        (
            (f"`{variable}`", _default(field), escaped(field.description or ""))
            for name, variable in group.VARIABLES.items()
            for field in [group.model_fields[name]]
        ),
    )


def _default(field: FieldInfo) -> str:
    """Return a default as people write it."""
    if field.is_required():
        return "required"
    value = field.get_default()
    if isinstance(value, SecretStr):
        return "empty"
    return "not set" if value is None else f"`{value:g}`" if _number(value) else value


def _number(value: object) -> bool:
    """Tell whether a default is a number."""
    return isinstance(value, int | float)


def exit_codes() -> str:
    """Return the exit codes with the errors that lead to each."""
    return table(
        ("code", "name", "raised as"),
        (
            (f"`{code.value}`", code.name, ", ".join(_raised_as(code)) or "-")
            for code in ExitCode
        ),
    )


def _raised_as(code: ExitCode) -> list[str]:
    """Name the errors that end a job with this code."""
    return [f"`{kind.__name__}`" for kind in kinds() if kind.exit_code is code]


def error_classes() -> str:
    """Return every error with its code and what its docstring says."""
    return table(
        ("error", "code", "says"),
        (
            (
                f"`{kind.__name__}`",
                str(int(kind.exit_code)),
                escaped((inspect.getdoc(kind) or "").partition("\n")[0]),
            )
            for kind in kinds()
        ),
    )


def kinds() -> list[type[EtlError]]:
    """Return the errors of the core, in the order of the file."""
    return [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, EtlError)
    ]


def database_tables() -> str:
    """Return every table with its columns, as the models describe them."""
    return "\n\n".join(
        f"### {name}\n\n{escaped(text)}\n\n"
        + table(
            ("column", "type", "without a value", "holds"),
            ((f"`{it[0]}`", it[1], it[2], escaped(it[3])) for it in rows),
        )
        for name, text, rows in database.columns()
    )


def database_constraints() -> str:
    """Return every constraint and index that a model names."""
    rows = ((f"`{it[0]}`", f"`{it[1]}`", it[2]) for it in database.constraints())
    return table(("table", "name", "kind"), rows)


def events(source: Source) -> Iterator[tuple[str, str, str]]:
    """Yield message, level and fields of each log call with a constant message."""
    for node in source.nodes:
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="logger"), attr=level),
                args=[ast.Constant(value=str(message)), *_],
                keywords=keywords,
            ) if level in LEVELS:
                fields = ", ".join(map(_field, keywords))
                yield message, level.replace("exception", "error"), fields or "-"


def _field(keyword: ast.keyword) -> str:
    """Return the name of a field, or what several fields come from."""
    if keyword.arg:
        return f"`{keyword.arg}`"
    return f"each of the {ast.unparse(keyword.value).rpartition('.')[2]}"


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def escaped(text: str) -> str:
    """Return a text that is not taken for markup in a cell of a table."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def pages(root: Path) -> list[Path]:
    """Return the pages of the documentation."""
    return sorted((root / "docs").rglob("*.md"))


def faults(reference: Reference, texts: dict[Path, str]) -> Iterator[str]:
    """Yield what no writing can mend: a part without a page, or one that is unknown."""
    shown = [found["name"] for text in texts.values() for found in PART.finditer(text)]
    for name in sorted(set(reference.parts) - set(shown)):
        yield f"no page shows the part {name!r}; add its two comment lines to one"
    for name in sorted(set(shown) - set(reference.parts)):
        yield f"the part {name!r} is on a page but nothing makes it; remove it"


def main(argv: list[str], root: Path = ROOT) -> int:
    """Write the parts, or name the pages whose parts are stale."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    check = parser.parse_args(argv).check
    reference = Reference(root)
    texts = {path: path.read_text(encoding="utf-8") for path in pages(root)}
    found = list(faults(reference, texts))
    for path, text in texts.items() if not found else ():
        fresh = reference.refreshed(text)
        if fresh != text and check:
            found.append(f"{path.relative_to(root)} is stale; mend: {COMMAND}")
        elif fresh != text:
            path.write_text(fresh, encoding="utf-8")
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
