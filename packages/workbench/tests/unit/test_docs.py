"""The documentation says what holds: links, commands, variables, templates."""

from collections.abc import Iterator
from contextlib import redirect_stdout
import io
import json
import os
from pathlib import Path, PurePosixPath
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from typing import Any
import unittest

import kubernetes_validate
import yaml

from etl_core import console, registry
from etl_core.console import verb_packages
from etl_core.manifests import exits
from etl_core.options import JobParser
from workbench.policy.tree import Tree
from workbench.reference import own_options, ROOT, SHARED, VERB
from workbench.scaffold import templates, with_method

LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
BLOCK = re.compile(r"```(?:bash|sh|console)?\n(.*?)```", re.DOTALL)
NEW_JOB = re.compile(r"jobs/([a-z0-9_]+)\.py")
VARIABLE = re.compile(r"\b(?:ETL|DATABASE|AWS|JOB|DJANGO)_[A-Z0-9_]*[A-Z0-9]\b")
READ = re.compile(rf"[\"'](?:\w*{{)?({VARIABLE.pattern})[\"']")
CHANGELOG = "CHANGELOG.md"
PROGRAM = "data-pipeline"
JOBS = "data_pipeline.jobs"
HOW_TO = "docs/how-to/add-a-job.md"
COMMANDS_PAGE = "docs/reference/commands.md"
DEFAULT_JOB = "get_s3_files"
EXAMPLES = "docs/how-to/manifests"
EXIT_CODES = "docs/reference/exit-codes.md"
KILLED = 137
CONFIGURATION = "docs/reference/configuration.md"
HELP = {"-h", "--help", "--version"}


def pages() -> dict[PurePosixPath, str]:
    """Return every Markdown file of the repository, changelogs left out."""
    tree = Tree(ROOT)
    return {
        path: tree.read(path)
        for path in tree.files
        if path.suffix == ".md" and path.name != CHANGELOG
    }


def anchors(text: str) -> set[str]:
    """Return what a link into a page may name, as GitHub makes it of the headings."""
    plain = (re.sub(r"[^\w\- ]", "", title.lower()) for title in HEADING.findall(text))
    return {title.replace(" ", "-") for title in plain}


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each command line in the blocks of a page."""
    for block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            try:
                words = shlex.split(line.removeprefix("$ "), comments=True)
            except ValueError:
                continue
            while words and (words[0] in {"poetry", "run", "time"} or "=" in words[0]):
                words = words[1:]
            if words:
                yield words


def options(words: list[str]) -> list[str]:
    """Return the names of the options among some words."""
    return [word.partition("=")[0] for word in words if word.startswith("--")]


class LinkTest(unittest.TestCase):
    """Links between pages."""

    def test_links(self) -> None:
        """Every relative link leads to a file, and to a heading of it."""
        texts = pages()
        for page, text in texts.items():
            for link in LINK.findall(text):
                target, _, anchor = link.partition("#")
                path = Path(os.path.normpath(ROOT / page.parent / target))
                path = path if target else ROOT / page
                with self.subTest(page=str(page), link=link):
                    self.assertTrue(path.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(path.read_text()))

    def test_index(self) -> None:
        """The index of the documentation links every page below it."""
        index = (ROOT / "docs/README.md").read_text()
        records = (ROOT / "docs/decisions/README.md").read_text()
        for path in (ROOT / "docs").rglob("*.md"):
            inner = path.relative_to(ROOT / "docs")
            if inner.name not in {"README.md", "template.md"}:
                with self.subTest(page=str(inner)):
                    found = f"({inner})" in index or f"({inner.name})" in records
                    self.assertTrue(found)


class CommandTest(unittest.TestCase):
    """Command lines in blocks."""

    def test_make_verbs(self) -> None:
        """Every make verb that a page shows exists."""
        known = dict(VERB.findall((ROOT / "Makefile").read_text()))
        for page, words in self.shown("make"):
            for verb in words[1:]:
                if "=" not in verb and verb != "-C":
                    with self.subTest(page=str(page), verb=verb):
                        self.assertIn(verb, known)

    def test_data_pipeline(self) -> None:
        """Every verb, job and option that a page shows exists."""
        packages = verb_packages(registry.Program(JOBS, ""))
        verbs = {it.name for package in packages for it in registry.verbs(package)}
        for page, words in self.shown(PROGRAM):
            with self.subTest(page=str(page), command=" ".join(words)):
                first = words[1] if len(words) > 1 else "--help"
                if first.startswith("-"):
                    self.check_options("get_s3_files", words[1:])
                    continue
                self.assertIn(first, verbs)
                if first == "run" and len(words) > 2 and words[2] not in HELP:
                    self.check_job(page, words[2], words[3:])
                elif first != "run":
                    self.check_verb(first, words[2:])

    def test_script(self) -> None:
        """Every option that a page gives to the script of a job exists."""
        for _, words in self.shown(f"{PROGRAM}-get-s3-files"):
            self.check_options("get_s3_files", words[1:])

    def shown(self, program: str) -> Iterator[tuple[PurePosixPath, list[str]]]:
        """Yield the commands of one program on all pages."""
        for page, text in pages().items():
            for words in commands(text):
                if PurePosixPath(words[0]).name == program:
                    yield page, words

    def check_job(self, page: PurePosixPath, job: str, words: list[str]) -> None:
        """Look a job up; one that the page tells to write is not there yet."""
        if job in registry.job_names(JOBS):
            self.check_options(job, words)
        elif not job.startswith("<"):
            self.assertIn(job, NEW_JOB.findall((ROOT / page).read_text()))

    def check_verb(self, verb: str, words: list[str]) -> None:
        """Look the options of a verb up, in its help on the page of the commands."""
        page = (ROOT / COMMANDS_PAGE).read_text()
        shown = page.partition(f"### {verb}\n")[2].partition("\n###")[0]
        own = words[: words.index("--")] if "--" in words else words
        for option in set(options(own)) - HELP:
            self.assertIn(f"  {option}", shown)

    def check_options(self, job: str, words: list[str]) -> None:
        """Look the options of a job up."""
        known = {row.flag for row in own_options(JOBS, job)} | SHARED | HELP | {"--"}
        self.assertLessEqual(set(options(words)), known)


class ExitCodeTest(unittest.TestCase):
    """The table of the exit codes."""

    def test_reactions(self) -> None:
        """What Kubernetes does is what the generated manifests tell it to do."""
        text = (ROOT / EXIT_CODES).read_text()
        rows = re.findall(r"^\| `(\d+)` \|.*\| (\w+) \| (\w+) \|$", text, re.MULTILINE)
        found = {int(code): (plain, indexed) for code, plain, indexed in rows}
        self.assertEqual((exits.COUNTS, exits.COUNTS), found.pop(KILLED))
        self.assertEqual(
            {int(it): (exits.PLAIN[it], exits.INDEXED[it]) for it in exits.PLAIN}, found
        )


class ManifestTest(unittest.TestCase):
    """The example manifests."""

    def documents(self, name: str) -> list[dict[str, Any]]:
        """Read an example."""
        return list(yaml.safe_load_all((ROOT / EXAMPLES / name).read_text()))

    def test_valid(self) -> None:
        """An API server would take every document of every example."""
        for path in (ROOT / EXAMPLES).iterdir():
            for document in self.documents(path.name):
                with self.subTest(path.name, kind=document["kind"]):
                    kubernetes_validate.validate(document, "1.32", strict=True)

    def test_generated(self) -> None:
        """The command in the first line prints the example."""
        path = ROOT / EXAMPLES / "scheduled-job.yaml"
        expected = path.read_text()
        first = expected.partition("\n")[0].removeprefix("# Made by: ")
        _, verb, *argv = shlex.split(first)
        printed = io.StringIO()
        with redirect_stdout(printed):
            code = console.main(JOBS, DEFAULT_JOB, [verb, *argv])
        self.assertEqual((0, expected), (code, printed.getvalue()))

    def test_default_job(self) -> None:
        """Its options are those of the default job; the rest is as it is generated."""
        *_, job = self.documents("default-job.yaml")
        *_, generated = self.documents("scheduled-job.yaml")
        pod = job["spec"]["template"]["spec"]
        expected = generated["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        arguments = pod["containers"][0].pop("args")
        expected["containers"][0].pop("args")
        self.assertEqual(expected, pod)
        parser = registry.load_parser(JOBS, DEFAULT_JOB)
        assert isinstance(parser, JobParser)
        parser.check(arguments)
        self.assertIn("--agency-id", arguments)


class VariableTest(unittest.TestCase):
    """Variables of the environment."""

    def test_variables_are_documented(self) -> None:
        """Every variable that the code names is on the page of the configuration."""
        page = (ROOT / CONFIGURATION).read_text()
        for source in Tree(ROOT).sources:
            if source.is_test:
                continue
            for name in READ.findall(source.text):
                with self.subTest(file=str(source.path), variable=name):
                    self.assertIn(f"`{name}`", page)

    def test_variables_exist(self) -> None:
        """Every variable that a page names is one that code, image or boto3 knows."""
        images = [path.read_text() for path in (ROOT / "docker").iterdir()]
        code = "\n".join([*images, *(source.text for source in Tree(ROOT).sources)])
        own = (ROOT / CONFIGURATION).read_text()
        for page, text in pages().items():
            for name in set(VARIABLE.findall(text)):
                with self.subTest(page=str(page), variable=name):
                    self.assertTrue(name in code or f"`{name}`" in own)


class TemplateTest(unittest.TestCase):
    """The jobs of the guide, written beside a copy of the package."""

    home: Path

    @classmethod
    def setUpClass(cls) -> None:
        """Do what the guide says."""
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.home = Path(folder.name, "packages")
        left_out = shutil.ignore_patterns("integration", "__pycache__", ".*", "dist")
        shutil.copytree(
            ROOT / "packages/data_pipeline",
            cls.home / "data_pipeline",
            ignore=left_out,
        )
        for name, text in templates(ROOT).items():
            path = cls.home.parent / name
            if path.name == "services.py":
                old = path.read_text()
                text = with_method(old, text, "data_pipeline", "compress_files")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    def call(self, *words: str) -> str:
        """Run a module of the copy and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.home,
            env={**os.environ, "PYTHONPATH": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout

    def test_plainest_job(self) -> None:
        """It is listed and runs, with the output that the guide shows."""
        shown = (ROOT / HOW_TO).read_text()
        line = "  normalize_agency  Normalize the records of one agency\n"
        self.assertIn(line, shown)
        self.assertIn(line, self.call("data_pipeline.cli.main", "list"))
        printed = self.call(
            "data_pipeline.cli.main", "run", "normalize_agency", "--agency-id=123"
        )
        self.assertIn(printed, shown)

    def test_full_job(self) -> None:
        """The test of the guide passes over the job of the guide."""
        self.call("unittest", "data_pipeline.tests.unit.jobs.test_compress_files")

    def test_full_job_survives(self) -> None:
        """The world of the guide is what the crash proof needs, and it proves."""
        printed = self.call(
            *("data_pipeline.cli.main", "crashtest", "compress_files", "--json"),
            *("--concurrency=1", "--moments=after", "--kills=0"),
        )
        proof = json.loads(printed.splitlines()[-1])
        self.assertEqual(0, proof["violations"])
        self.assertGreater(proof["points"], 15)


if __name__ == "__main__":
    unittest.main()
