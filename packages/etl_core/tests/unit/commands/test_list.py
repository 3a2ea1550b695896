"""Tests of the verb ``list``."""

import json
import unittest

from etl_core.tests.samples import SampleModuleTest


class ListTest(SampleModuleTest):
    """A module with a sound and a broken job."""

    def setUp(self) -> None:
        """Add the broken one."""
        super().setUp()
        self.write_job("bad", "x = 1")

    def test_lines_show_description_or_fault(self) -> None:
        """One line for each job, sorted by name."""
        code, out, err = self.call("list")

        first, second = out.splitlines()
        self.assertEqual((0, ""), (code, err))
        self.assertRegex(first, r"^  bad    \(broken: .*no top-level JOB")
        self.assertEqual("  plain  Print the agency", second)

    def test_json_is_one_object(self) -> None:
        """Programs get the same facts, and which job is the default."""
        out = self.call("list", "--json")[1]

        found = json.loads(out)
        self.assertEqual(1, out.count("\n"))
        self.assertEqual(self.program, found["program"])
        self.assertEqual(
            {
                "name": "plain",
                "description": "Print the agency",
                "default": True,
                "fault": "",
            },
            found["jobs"][1],
        )
        self.assertIn("no top-level JOB", found["jobs"][0]["fault"])

    def test_module_without_jobs_lists_none(self) -> None:
        """An empty list is no error."""
        (self.jobs / "bad.py").unlink()
        (self.jobs / "plain.py").unlink()

        self.assertEqual((0, "", ""), self.call("list"))

    def test_unknown_option_is_one_line(self) -> None:
        """It is exit code 2 and points to the help."""
        code, out, err = self.call("list", "--long")

        self.assertEqual((2, ""), (code, out))
        self.assertEqual(
            f"{self.program}: error: unrecognized arguments: --long "
            f"(see {self.program} list --help)\n",
            err,
        )


if __name__ == "__main__":
    unittest.main()
