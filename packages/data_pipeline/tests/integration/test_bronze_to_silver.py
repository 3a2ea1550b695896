"""The job over real sockets, read by another library, and killed while it is read."""

import json
import threading
import time
import unittest

from data_pipeline.tests.integration.silver_place import SilverTestCase
from data_pipeline.tests.worlds.bronze_to_silver import BEFORE, WORLD
from etl_core.errors import ExitCode
from etl_core.testing import victim
from etl_core.testing.crashpoints import CallRecorder, Moment
from etl_core.testing.s3 import s3_server
from etl_core.testing.sweep import Stage
from etl_core.testing.worlds import Place, Starter

WORLD_NAME = "data_pipeline.tests.worlds.bronze_to_silver:WORLD"


class BronzeToSilverTest(SilverTestCase):
    """Bronze files behind a socket."""

    def setUp(self) -> None:
        """Write two files."""
        super().setUp()
        self.put("a.csv", "1,n,1,one", "2,s,1,two")
        self.put("b.csv", "1,n,2,newer", "3,s,bad,three")

    def test_table(self) -> None:
        """Delta's own library finds each key once, in its newest version."""
        code, result = self.fill()
        self.assertEqual((ExitCode.OK, "reconciled"), (code, result["status"]))
        self.assertEqual([("1", 2), ("2", 1)], self.delta_rows())
        self.assertEqual(
            {"in": 4, "silver": 2, "duplicates": 1, "quarantined": 1, "elsewhere": 0},
            result["rows"],
        )

    def test_second_run_changes_nothing(self) -> None:
        """Started again, it commits nothing; a corrected file replaces its rows."""
        self.fill()
        _, again = self.fill()
        self.assertEqual((2, 0), (again["unchanged"], self.delta_table().version()))
        self.put("b.csv", "4,s,1,four")
        self.fill()
        self.assertEqual([("1", 1), ("2", 1), ("4", 1)], self.delta_rows())

    def test_rows_in_quarantine(self) -> None:
        """The record of a bad row is found by the receipt of its file."""
        self.fill()
        key = f"table/_receipts/all/{self.bronze}/in/b.csv"
        found = self.s3.client.get_object(Bucket=self.silver, Key=key)
        receipt = json.loads(found["Body"].read())
        self.assertEqual((2, 1, 1), tuple(receipt[it] for it in PARTS))
        self.s3.client.head_object(
            Bucket=self.silver, Key=f"table/{receipt['quarantine']}"
        )

    def test_shards_at_once(self) -> None:
        """Two shards at the same time make one table."""
        codes: list[int] = []

        def shard(index: int) -> None:
            """Run one shard."""
            codes.append(self.fill(f"--shard={index}/2", "--run-id=nightly")[0])

        threads = [threading.Thread(target=shard, args=(it,)) for it in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([0, 0], codes)
        self.assertEqual([("1", 2), ("2", 1)], self.delta_rows())

    def test_verify(self) -> None:
        """The receipts are what the ledger says of them."""
        _, result = self.fill()
        place = f"--destination-bucket={self.silver}"
        _, verified = self.dispatch("verify", result["run_id"], place, "--json")
        self.assertEqual(("agrees", 2), (verified["status"], verified["units"]))


class PollingTest(unittest.TestCase):
    """Somebody reads the table all the while, and processes are killed."""

    def test_reader_never_sees_half_a_commit(self) -> None:
        """Whoever polls sees the rows before or after, whenever the writer dies."""
        s3 = s3_server()
        stage = Stage(WORLD, s3, None)
        self.addCleanup(stage.close)
        place, recorder = stage.place(), CallRecorder()
        before = WORLD.contents(place, s3)
        Starter(WORLD, s3.settings).start(place, recorder)
        after = WORLD.contents(place, s3)
        self.assertNotEqual(before, after)
        stage.clear(place)
        writes = [
            number
            for number, call in enumerate(recorder.calls, start=1)
            if "/table/" in call.target and call.operation == "PutObject"
        ]
        self.assertTrue(BEFORE)
        for number in writes:
            with self.subTest(recorder.calls[number - 1]):
                place = stage.place()
                seen: list[object] = []
                done = threading.Event()
                reader = threading.Thread(target=poll, args=(place, done, seen))
                reader.start()
                code = victim.run(WORLD_NAME, place, s3, 1, number, Moment.AFTER)
                done.set()
                reader.join()
                self.assertEqual(-9, code)
                self.assertLess(1, len(seen))
                for rows in (*seen, WORLD.contents(place, s3)):
                    self.assertIn(rows, (before, after))
                stage.clear(place)


def poll(place: Place, done: threading.Event, seen: list[object]) -> None:
    """Read the table until the writer is dead."""
    while not done.is_set():
        seen.append(WORLD.contents(place, s3_server()))
        time.sleep(0.01)


PARTS = ("rows", "silver", "quarantined")

if __name__ == "__main__":
    unittest.main()
