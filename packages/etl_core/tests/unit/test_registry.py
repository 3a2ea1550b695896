"""Tests of finding jobs by file name."""

import unittest

from etl_core import registry
from etl_core.errors import ConfigError, Terminated
from etl_core.registry import Entry
from etl_core.tests.samples import PLAIN, SampleModuleTest


class RegistryTest(SampleModuleTest):
    """A jobs package with files of every kind."""

    def fault_of(self, source: str) -> str:
        """Return what is wrong with a job of this source."""
        self.write_job("odd", source)
        return {job.name: job for job in registry.jobs(self.package)}["odd"].fault

    def test_job_is_listed_without_an_import(self) -> None:
        """The name is that of the file, the description stands in its literal."""
        found = registry.jobs(self.package)

        self.assertEqual([Entry("plain", "Print the agency")], found)
        self.assertEqual([], self.imported())

    def test_private_modules_and_the_registry_are_no_jobs(self) -> None:
        """Files that start with an underscore, and ``registry``, are passed over."""
        self.write_job("_shared", PLAIN)
        self.write_job("registry", PLAIN)

        self.assertEqual(["plain"], registry.job_names(self.package))
        self.assertEqual(1, len(registry.jobs(self.package)))

    def test_a_folder_with_an_init_file_is_a_job(self) -> None:
        """A job may be a package."""
        folder = self.jobs / "wide"
        folder.mkdir()
        (folder / "__init__.py").write_text(PLAIN, encoding="utf-8")

        self.assertEqual(["plain", "wide"], registry.job_names(self.package))
        self.assertTrue(callable(registry.load(self.package, "wide")))

    def test_description_is_brought_into_one_line(self) -> None:
        """Line breaks in the literal do not tear the list apart."""
        self.write_job("odd", 'entrypoint = print\nJOB = (entrypoint, "Two\\n  lines")')

        found = {job.name: job.description for job in registry.jobs(self.package)}

        self.assertEqual("Two lines", found["odd"])

    def test_annotated_job_is_well_formed(self) -> None:
        """``JOB: Any = (...)`` is the same literal."""
        self.assertEqual("", self.fault_of('e = print\nJOB: object = (e, "Odd")'))

    def test_a_file_that_does_not_parse_hides_no_other(self) -> None:
        """It is listed with the line that is wrong."""
        self.assertIn("line 2: ", self.fault_of("x = 1\nJOB = ("))
        self.assertEqual(2, len(registry.jobs(self.package)))

    def test_a_file_that_cannot_be_read_hides_no_other(self) -> None:
        """A dangling link is listed with the reason of the system."""
        (self.jobs / "odd.py").symlink_to(self.jobs / "nowhere")

        faults = {job.name: job.fault for job in registry.jobs(self.package)}

        self.assertIn("No such file", faults["odd"])
        self.assertEqual("", faults["plain"])

    def test_a_file_of_other_bytes_hides_no_other(self) -> None:
        """Text that is no source is broken, not fatal."""
        path = self.write_job("odd", "")
        path.write_bytes(b"x = 1\0")

        faults = {job.name: job.fault for job in registry.jobs(self.package)}

        self.assertIn("null bytes", faults["odd"])

    def test_a_module_without_job_is_broken(self) -> None:
        """The reason shows the form that is expected."""
        self.assertIn("no top-level JOB = (entrypoint", self.fault_of("x = 1"))

    def test_a_job_that_is_no_literal_is_broken(self) -> None:
        """What only an import could tell is refused."""
        for source in (
            "JOB = make()",
            'JOB = (entrypoint, "A", 3)',
            "JOB = (entrypoint, text)",
            'JOB = (entrypoint, " ")',
            'JOB = (make(), "A")',
            "JOB: object",
        ):
            with self.subTest(source):
                self.assertIn("JOB = (entrypoint", self.fault_of(source))

    def test_load_imports_the_one_job(self) -> None:
        """The others stay unimported."""
        self.write_job("other", PLAIN)

        entrypoint = registry.load(self.package, "plain")

        self.assertEqual(["plain"], self.imported())
        self.assertEqual("entrypoint", getattr(entrypoint, "__name__", ""))

    def test_an_unknown_job_is_answered_with_the_close_one(self) -> None:
        """The message has the suggestion and all that is known."""
        self.write_job("other", PLAIN)

        with self.assertRaises(ConfigError) as caught:
            registry.load(self.package, "plan")

        self.assertEqual(
            "no job is called 'plan'; did you mean 'plain'? known: other, plain",
            str(caught.exception),
        )

    def test_an_unknown_job_unlike_any_is_answered_with_the_list(self) -> None:
        """Nothing is suggested that is not close."""
        with self.assertRaisesRegex(ConfigError, "'zzz'; known: plain$"):
            registry.load(self.package, "zzz")

    def test_a_private_module_cannot_be_loaded(self) -> None:
        """What is no job is unknown, also by its name."""
        self.write_job("registry", PLAIN)
        for name in ("_shared", "registry", "../plain"):
            with self.subTest(name), self.assertRaisesRegex(ConfigError, "no job is"):
                registry.load(self.package, name)

    def test_a_broken_job_is_refused_with_its_reason(self) -> None:
        """It is the same reason that the list shows."""
        self.write_job("odd", "JOB = make()")

        with self.assertRaisesRegex(ConfigError, "'odd' is broken: .*odd.py: JOB is"):
            registry.load(self.package, "odd")

    def test_a_failing_import_names_module_line_and_cause(self) -> None:
        """Whatever an import raises, leaving the process included."""
        for line, cause in (
            ("import no_such_module", "ModuleNotFoundError: No module named"),
            ("raise SystemExit(0)", "SystemExit: 0"),
            ("1 / 0", "ZeroDivisionError: division by zero"),
        ):
            with self.subTest(line):
                source = f'{line}\nentrypoint = print\nJOB = (entrypoint, "Odd")'
                self.write_job("odd", source)

                with self.assertRaises(ConfigError) as caught:
                    registry.load(self.package, "odd")

                self.assertIn(cause, str(caught.exception))
                self.assertIn("odd.py, line 1)", str(caught.exception))
                self.assertEqual(
                    {"module": f"{self.package}.odd"}, caught.exception.context
                )

    def test_a_signal_during_the_import_is_no_fault_of_the_job(self) -> None:
        """Whoever asked the process to stop gets the exit code for that."""
        line = "from etl_core.errors import Terminated; raise Terminated('SIGTERM')"
        self.write_job("odd", f'{line}\nentrypoint = print\nJOB = (entrypoint, "Odd")')

        with self.assertRaisesRegex(Terminated, "SIGTERM"):
            registry.load(self.package, "odd")

    def test_an_entry_point_that_cannot_be_called_is_refused(self) -> None:
        """The literal may name anything; only a callable is an entry point."""
        self.write_job("odd", 'entrypoint = 3\nJOB = (entrypoint, "Odd")')

        with self.assertRaisesRegex(ConfigError, "odd.py: JOB names something"):
            registry.load(self.package, "odd")

    def test_a_missing_package_is_an_error_of_configuration(self) -> None:
        """Neither an unknown module nor one without jobs is a crash."""
        for package in ("no_such_module.jobs", f"{self.name}.nothing", "json.decoder"):
            with self.subTest(package), self.assertRaisesRegex(ConfigError, "missing"):
                registry.jobs(package)

    def test_doubtful_escapes_print_no_warning(self) -> None:
        """Reading a file never warns on stderr."""
        self.assertEqual("", self.fault_of('r = "\\d"\ne = print\nJOB = (e, "Odd")'))

    def test_verbs_are_described_by_their_docstrings(self) -> None:
        """The first line counts; a file without one is broken."""
        self.write_job("bare", "x = 1")

        found = {verb.name: verb for verb in registry.verbs(self.package)}

        self.assertEqual("A plain job.", found["plain"].description)
        self.assertIn("no docstring", found["bare"].fault)


if __name__ == "__main__":
    unittest.main()
