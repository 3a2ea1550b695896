"""Make a new job, or a new job module with its first job.

Nothing is kept here that exists elsewhere: a job comes from the guide to adding one,
whose code is tested, a module from the smallest sibling, ``data_seeder``, without what
that one has to itself.

Examples::

    python -m workbench.scaffold module data_exporter --job export_files
    python -m workbench.scaffold job data_pipeline export_files
"""

import argparse
from collections.abc import Iterator
import importlib.util
from pathlib import Path
import re
import sys

from etl_core.errors import ConfigError, ExitCode

ROOT = Path(__file__).resolve().parents[2]
GUIDE = "docs/how-to/add-a-job.md"
TEMPLATE = re.compile(
    r"`(packages/data_pipeline/[^`]+\.py)`[^\n]*:\n\n```python\n(.*?)```", re.DOTALL
)
GUIDE_MODULE, GUIDE_JOB = "data_pipeline", "compress_files"
SIBLING = "data_seeder"
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

PROJECT_FILES = (
    "__init__.py",
    "cli/__init__.py",
    "cli/main.py",
    "config/__init__.py",
    "jobs/__init__.py",
    "poetry.toml",
    "processors/__init__.py",
    "py.typed",
    "pyproject.toml",
    "tests/__init__.py",
    "tests/integration/__init__.py",
    "tests/unit/__init__.py",
    "tests/unit/jobs/__init__.py",
    "tests/worlds/__init__.py",
)
OWN = (
    # What the sibling has to itself, and what stands in its place.
    (
        re.compile(r'^    "(?:Django|etl-database-schema|psycopg2).*\n', re.MULTILINE),
        "",
    ),
    (re.compile(r"^etl-database-schema = .*\n", re.MULTILINE), ""),
    (re.compile(r'"etl-core\[db\]'), '"etl-core'),
    (re.compile(r"^COPY packages/etl_database_schema .*\n", re.MULTILINE), ""),
    (re.compile(r" /src/packages/etl_database_schema"), ""),
    (re.compile(r"Fills a database and a bucket with .* decides"), "Batch jobs on S3"),
    (re.compile(r"A job that fills a database .* seed\."), "Batch jobs on S3."),
)
SERVICES = '''"""The composition root: where the parts of the jobs are put together."""

from typing import Any

from etl_core.services import JobServices


class ServiceHandler(JobServices):
    """Makes the clients of a job and runs it; what is given is used instead."""
'''
CHANGELOG = "# Changelog\n\n## Unreleased\n"
README = """# {distribution}

Batch jobs on S3.
Each can be killed at any instant and is simply started again.

```
{distribution} list
{distribution} run {job} -- --help
docker build -f docker/{distribution}.Dockerfile -t etl-{distribution} .
```

`jobs/` holds arguments and wiring, `config/` what a job is asked for, `processors/`
what it does; `services.py` makes the production clients. Settings are those of every
module: [configuration](../../docs/reference/configuration.md).

## Test

`make test P={module}`; `tests/integration` starts the job against an S3 emulator.
"""
PAGE = """# {job}

Writes every file of a bucket again, compressed; say here what the job does.

```
{distribution} run {job} -- --dry-run
```

## Options

<!-- generated: options {module}.jobs {job} -->
<!-- end -->

It also has the [options that every job has](../commands.md#options-that-every-job-has).
"""


class Workspace:
    """The repository in which things are made.

    :param root: its folder.
    """

    def __init__(self, root: Path) -> None:
        """Look at nothing yet."""
        self._root = root

    def add_module(self, module: str, job: str) -> None:
        """Make a module with one job.

        :raises ConfigError: when the name cannot be used.
        """
        _require_name(module)
        if (self._root / "packages" / module).exists():
            raise ConfigError(f"packages/{module} is there already")
        if importlib.util.find_spec(module):
            raise ConfigError(
                f"{module}: a module of this name can be imported already"
            )
        for name in PROJECT_FILES:
            self._derive(f"packages/{SIBLING}/{name}", module, job)
        for path in self._stack_files():
            self._derive(path, module, job)
        self._derive(f"docker/{_distribution(SIBLING)}.Dockerfile", module, job)
        names = {"module": module, "job": job, "distribution": _distribution(module)}
        self._write(f"packages/{module}/services.py", SERVICES)
        self._write(f"packages/{module}/CHANGELOG.md", CHANGELOG)
        self._write(f"packages/{module}/README.md", README.format(**names))
        self._register(module)
        self.add_job(module, job)

    def add_job(self, module: str, job: str) -> None:
        """Make a job in a module: sources, tests, small world, page.

        :raises ConfigError: when the name cannot be used.
        """
        _require_name(job)
        package = self._root / "packages" / module
        if not (package / "jobs").is_dir():
            raise ConfigError(f"packages/{module} is no job module")
        if (package / "jobs" / f"{job}.py").exists():
            raise ConfigError(f"packages/{module}/jobs/{job}.py is there already")
        for path, text in templates(self._root).items():
            if GUIDE_JOB not in path and not path.endswith("services.py"):
                continue
            target = _as_job(path, module, job)
            written = _as_job(text, module, job)
            if path.endswith("services.py"):
                old = (self._root / target).read_text(encoding="utf-8")
                written = with_method(old, written, module, job)
            self._write(target, written)
        names = {"module": module, "job": job, "distribution": _distribution(module)}
        self._write(f"docs/reference/jobs/{job}.md", PAGE.format(**names))
        self._insert(
            "docs/README.md",
            "- [Database](",
            f"- [Job {job}](reference/jobs/{job}.md): options.\n",
        )
        self._append(
            f"packages/{module}/CHANGELOG.md",
            f"\n### Added\n\n- The job `{job}`.\n",
            f"- The job `{job}`.\n",
        )

    def _derive(self, path: str, module: str, job: str) -> None:
        """Write a file of the sibling as one of the new module."""
        text = (self._root / path).read_text(encoding="utf-8")
        for pattern, replacement in OWN:
            text = pattern.sub(replacement, text)
        text = text.replace('"data_seeder.jobs", "seed"', f'"{module}.jobs", "{job}"')
        target = _renamed(path, SIBLING, module)
        self._write(target, _renamed(text, SIBLING, module))
        mode = (self._root / path).stat().st_mode
        (self._root / target).chmod(mode)

    def _stack_files(self) -> Iterator[str]:
        """Yield the files of the sibling's stack."""
        for path in sorted((self._root / "infra" / SIBLING).rglob("*")):
            if path.is_file() and ".terraform" not in path.parts:
                yield str(path.relative_to(self._root))

    def _register(self, module: str) -> None:
        """Name the module wherever packages are named."""
        distribution = _distribution(module)
        self._replace(
            "Makefile", f" {SIBLING} workbench", f" {SIBLING} {module} workbench"
        )
        manifest = "packages/workbench/pyproject.toml"
        self._insert(
            manifest, "]\n\n[tool.poetry]", f'    "{distribution}>=0.1,<0.2",\n'
        )
        self._insert(
            manifest,
            "\n[tool.poetry.group.dev.dependencies]",
            f'{distribution} = {{ path = "../{module}", develop = true }}\n',
        )
        workflow = ".github/workflows/ci.yml"
        watch = f"              - packages/{module}/**\n"
        self._insert(
            workflow,
            "            workbench:\n",
            f"            {module}:\n              - *shared\n"
            f"              - packages/etl_core/**\n{watch}",
        )
        last = f"              - packages/{SIBLING}/**\n"
        text = (self._root / workflow).read_text(encoding="utf-8")
        head, found, tail = text.rpartition(last)
        self._write(workflow, head + found + watch + tail)
        self._insert(
            "README.md",
            "| `etl_database_schema` |",
            f"| `{module}` | batch jobs on S3 | `docker/{distribution}.Dockerfile` | "
            f"[README](packages/{module}/README.md) |\n",
        )

    def _insert(self, path: str, before: str, text: str) -> None:
        """Write something before the first place that looks so."""
        self._replace(path, before, text + before)

    def _replace(self, path: str, old: str, new: str) -> None:
        """Change the first place that looks so.

        :raises ConfigError: when there is none.
        """
        text = (self._root / path).read_text(encoding="utf-8")
        if old not in text:
            raise ConfigError(f"{path} has no {old!r}; adapt workbench/scaffold.py")
        self._write(path, text.replace(old, new, 1))

    def _append(self, path: str, first: str, further: str) -> None:
        """Write at the end of a file, under a heading made when it is missing."""
        text = (self._root / path).read_text(encoding="utf-8").rstrip() + "\n"
        self._write(path, text + (further if "### Added" in text else first))

    def _write(self, path: str, text: str) -> None:
        """Write a file, and its folder."""
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def templates(root: Path) -> dict[str, str]:
    """Return the code of the guide to adding a job, by path."""
    return dict(TEMPLATE.findall((root / GUIDE).read_text(encoding="utf-8")))


def with_method(services: str, method: str, module: str, job: str) -> str:
    """Put the method of a job, and its imports, into a composition root."""
    name = _camel(job)
    imports = (
        f"from {module}.config.{job} import {name}Config\n"
        f"from {module}.processors.{job} import {name}\n"
    )
    ours = re.search(rf"^from (?:{module}|etl_core)", services, re.MULTILINE)
    assert ours is not None, "a composition root imports something of ours"
    at = ours.start()
    return f"{services[:at]}{imports}{services[at:]}\n{method}"


def _as_job(text: str, module: str, job: str) -> str:
    """Write what the guide says of its job as of another one."""
    own = _renamed(text, GUIDE_MODULE, module)
    return own.replace(_camel(GUIDE_JOB), _camel(job)).replace(GUIDE_JOB, job)


def _renamed(text: str, old: str, new: str) -> str:
    """Replace the name of a module in both spellings."""
    own = text.replace(old, new)
    return own.replace(_distribution(old), _distribution(new))


def _distribution(module: str) -> str:
    """Return the name of the project and its console script."""
    return module.replace("_", "-")


def _camel(name: str) -> str:
    """Return the name as that of a class."""
    return "".join(part.capitalize() for part in name.split("_"))


def _require_name(name: str) -> None:
    """Refuse a name that Python or the policy would refuse.

    :raises ConfigError: saying what is allowed.
    """
    if not NAME.fullmatch(name) or name in sys.stdlib_module_names:
        raise ConfigError(
            f"{name!r}: use lower-case words joined by underscores, as in "
            "export_files, that no module of Python is named by"
        )


def main(argv: list[str], root: Path = ROOT) -> int:
    """Make what is asked for, and say what to do next."""
    parser = argparse.ArgumentParser(
        prog="python -m workbench.scaffold",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    module = kinds.add_parser("module", help="a new job module")
    module.add_argument("name")
    module.add_argument("--job", default=GUIDE_JOB, help="its first job")
    job = kinds.add_parser("job", help="a new job in a module")
    job.add_argument("module")
    job.add_argument("name")
    asked = parser.parse_args(argv)
    workspace = Workspace(root)
    try:
        if asked.kind == "module":
            workspace.add_module(asked.name, asked.job)
        else:
            workspace.add_job(asked.module, asked.name)
    except ConfigError as error:
        sys.stderr.write(f"{parser.prog}: {error}\n")
        return int(ExitCode.USAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
