"""Finds jobs and verbs by file name, and imports one only to run it.

A file is read, never imported, to learn what it offers: ``--help`` stays fast, and
a file that is broken is named as broken and never hides the others.
"""

import ast
from collections.abc import Callable
import difflib
import importlib
import importlib.util
from pathlib import Path
import pkgutil
import traceback
from typing import NamedTuple
import warnings

from etl_core.errors import ConfigError, Terminated

Entrypoint = Callable[[list[str]], int]

JOB_FORM = 'JOB = (entrypoint, "description")'


class Entry(NamedTuple):
    """A job or a verb, as its file shows it.

    :param name: of the module, without its package.
    :param description: one line; empty when the file is broken.
    :param fault: why the file cannot be used, empty when it can.
    """

    name: str
    description: str
    fault: str = ""


class Program(NamedTuple):
    """What one console script is made of.

    :param jobs_package: import name of the package that holds the jobs.
    :param default_job: the job that runs when only options are given.
    """

    jobs_package: str
    default_job: str

    @property
    def name(self) -> str:
        """The command as people type it."""
        return program_name(self.jobs_package)


def program_name(jobs_package: str) -> str:
    """Return ``data-pipeline`` for ``data_pipeline.jobs``."""
    return jobs_package.partition(".")[0].replace("_", "-")


def job_names(jobs_package: str) -> list[str]:
    """Return the names of all jobs, sorted, whatever is in their files."""
    return [name for name in _sources(jobs_package) if name != "registry"]


def jobs(jobs_package: str) -> list[Entry]:
    """Return every job, the broken ones with the reason."""
    return [
        _entry(name, path, _job_description)
        for name, path in _sources(jobs_package).items()
        if name != "registry"
    ]


def verbs(package: str) -> list[Entry]:
    """Return every verb with the first line of its docstring."""
    return [
        _entry(name, path, _verb_description)
        for name, path in _sources(package).items()
    ]


def suggestion(name: str, known: list[str]) -> str:
    """Return the end of a sentence that lists what is known, the closest first."""
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}known: {', '.join(known) or 'none'}"


def load(jobs_package: str, name: str) -> Entrypoint:
    """Import one job and return its entry point.

    :raises ConfigError: when there is no such job, or its file cannot be used.
    :raises Terminated: when the process is asked to stop meanwhile.
    """
    sources = _sources(jobs_package)
    if name not in sources or name == "registry":
        known = job_names(jobs_package)
        raise ConfigError(f"no job is called {name!r}; {suggestion(name, known)}")
    fault = _entry(name, sources[name], _job_description).fault
    if fault:
        raise ConfigError(f"the job {name!r} is broken: {fault}")
    module_name = f"{jobs_package}.{name}"
    try:
        job = importlib.import_module(module_name).JOB
    except Terminated:
        # A signal that came while the job was imported says nothing about the job.
        raise
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"the job {name!r} cannot be imported: {_cause(error)}", module=module_name
        ) from error
    return _entrypoint(job, sources[name])


def load_parser(jobs_package: str, name: str) -> object | None:
    """Import one job and make its parser; ``None`` when its module has no ``parser``.

    A job that parses in ``parser()`` lets others see its options: the reference pages
    and the check of the arguments in a manifest.
    """
    make = getattr(importlib.import_module(f"{jobs_package}.{name}"), "parser", None)
    return make() if callable(make) else None


def _entrypoint(job: object, path: Path) -> Entrypoint:
    """Return the callable of a ``JOB``.

    :raises ConfigError: when what the literal names is no callable.
    """
    if isinstance(job, tuple) and len(job) == 2 and callable(job[0]):
        entrypoint: Entrypoint = job[0]
        return entrypoint
    raise ConfigError(f"{path}: JOB names something that cannot be called")


def _cause(error: BaseException) -> str:
    """Say what was raised, and in which line of which file."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename}, line {frame.lineno}"
    return f"{type(error).__name__}: {error} ({place})"


def _sources(package: str) -> dict[str, Path]:
    """Return the file of each public module of a package, by name.

    :raises ConfigError: when the package cannot be found.
    """
    try:
        spec = importlib.util.find_spec(package)
    except ImportError as error:
        raise ConfigError(f"the package {package!r} is missing: {error}") from error
    if spec is None or spec.submodule_search_locations is None:
        raise ConfigError(f"the package {package!r} is missing")
    found = {}
    for folder in spec.submodule_search_locations:
        for module in pkgutil.iter_modules([folder]):
            if not module.name.startswith("_"):
                inner = f"{module.name}/__init__.py"
                leaf = inner if module.ispkg else f"{module.name}.py"
                found[module.name] = Path(folder, leaf)
    return dict(sorted(found.items()))


def _entry(name: str, path: Path, describe: Callable[[ast.Module], str]) -> Entry:
    """Read one file; what is wrong with it goes into the entry."""
    try:
        with warnings.catch_warnings():
            # A doubtful escape sequence would be reported in the middle of a list.
            warnings.simplefilter("ignore")
            tree = ast.parse(path.read_bytes(), filename=str(path))
        return Entry(name, describe(tree))
    except SyntaxError as error:
        return Entry(name, "", f"{path}, line {error.lineno}: {error.msg}")
    except OSError as error:
        return Entry(name, "", f"{path}: {error.strerror or error}")
    except (MemoryError, RecursionError, ValueError) as error:
        return Entry(name, "", f"{path}: {error or type(error).__name__}")


def _verb_description(tree: ast.Module) -> str:
    """Return the first line of the module docstring."""
    line = (ast.get_docstring(tree) or "").partition("\n")[0]
    if not line:
        raise ValueError("the module has no docstring")
    return line


def _job_description(tree: ast.Module) -> str:
    """Return the description in the literal ``JOB``."""
    values = [value for node in tree.body for value in _job_values(node)]
    if not values:
        raise ValueError(f"the module has no top-level {JOB_FORM}")
    match values[-1]:
        case ast.Tuple(
            elts=[ast.Name() | ast.Attribute(), ast.Constant(value=str(description))]
        ) if description.strip():
            return " ".join(description.split())
    raise ValueError(f"JOB is not written as the literal {JOB_FORM}")


def _job_values(node: ast.stmt) -> list[ast.expr]:
    """Return what a statement assigns to ``JOB``, if it does."""
    match node:
        case ast.Assign(targets=[ast.Name(id="JOB")], value=value):
            return [value]
        case ast.AnnAssign(target=ast.Name(id="JOB"), value=ast.expr() as value):
            return [value]
    return []
