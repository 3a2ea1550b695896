"""Tests of the verb ``show``."""

import unittest

from etl_core.runs.summary import Top
from etl_core.tests.verbs import PLACE, VerbTest
from etl_core.tests.worlds import make_line, OtherProcess, TARGET


class ShowTest(VerbTest):
    """One run, closed or open."""

    def test_closed_run(self) -> None:
        """Who, what, when, and the reasons with their counts."""
        self.world.run(run_id="first", argv=("--agency-id=10",))
        shown = self.result("show", "first")
        self.assertEqual(
            ("first", "closed", "1.0", ["--agency-id=10"], 3),
            (
                *(shown["run_id"], shown["status"], shown["version"]),
                *(shown["arguments"], shown["done"]),
            ),
        )
        self.assertEqual(
            [
                {"reason": "done: copied", "units": 3},
                {"reason": "quarantined: source_missing", "units": 1},
            ],
            shown["reasons"],
        )
        self.assertIsNone(shown["waits_for"])
        self.assertIsNone(shown["continue"])

    def test_files_are_where_it_says(self) -> None:
        """Each address names an object, or the folder of the ledger."""
        self.world.run(run_id="first")
        files = self.result("show", "first")["files"]
        self.assertEqual(
            {"record", "ledger", "manifest", "quarantine", "index"}, set(files)
        )
        for name, url in files.items():
            with self.subTest(name):
                key = url.removeprefix(f"s3://{TARGET}/")
                self.assertTrue(self.world.store.bodies(TARGET, key))

    def test_largest_and_slowest(self) -> None:
        """In falling order, with their keys."""
        self.world.add(5, b"by far the largest of all")
        self.world.run(run_id="first")
        shown = self.result("show", "first")
        self.assertEqual("sample=5", shown["largest"][0]["unit"])
        self.assertEqual(25, shown["largest"][0]["size"])
        self.assertEqual("sample/005/file.bin", shown["largest"][0]["key"])
        seconds = [row["seconds"] for row in shown["slowest"]]
        self.assertEqual((5, sorted(seconds, reverse=True)), (len(seconds), seconds))

    def test_open_run_says_how_to_continue(self) -> None:
        """And what the journals know so far, each unit once."""
        self.left_open("first")
        self.left_open("first")
        shown = self.result("show", "first")
        self.assertEqual(("open", "dead"), (shown["status"], shown["lease"]))
        self.assertIn("nobody works on it", shown["waits_for"])
        self.assertEqual("sample run copy_samples -- --agency-id=10", shown["continue"])
        self.assertEqual([1, 2], [made["attempt"] for made in shown["attempts"]])
        self.assertEqual(
            {"done: copied": 2, "pending: unavailable": 1},
            {
                row["reason"]: row["units"]
                for row in shown["reasons"]
                if "source_missing" not in row["reason"]
            },
        )

    def test_open_run_that_somebody_works_on(self) -> None:
        """It waits for that process."""
        OtherProcess(self.world).take_over()
        [row] = self.result("runs")["runs"]
        shown = self.result("show", row["run_id"])
        self.assertIn(f"process {shown['attempts'][0]['pid']} on", shown["waits_for"])

    def test_table_is_for_people(self) -> None:
        """Without ``--json``."""
        self.world.run(run_id="first")
        text = self.write("show", "first", *PLACE)[1]
        self.assertIn("largest", text)

    def test_ten_are_kept(self) -> None:
        """Of a million lines no more are in memory; of equals the first ones."""
        top = Top(lambda line: line.destination.size)
        for number in range(100):
            line = make_line(number)
            size = number % 50 if number else None
            top.see(line._replace(destination=line.destination._replace(size=size)))
        kept = [int(line.unit.partition("=")[2]) for line in top.lines()]
        self.assertEqual([49, 99, 48, 98, 47, 97, 46, 96, 45, 95], kept)


if __name__ == "__main__":
    unittest.main()
