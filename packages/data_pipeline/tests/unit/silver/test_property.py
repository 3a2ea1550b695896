"""The table is a pure function of the bronze objects and the contract."""

from collections.abc import Iterator
import os
from typing import Any
import unittest

from hypothesis import example, given, settings, strategies

from data_pipeline.tests.silver_stand import dataset, SilverPlace
from etl_core.support.shards import Shard

HISTORIES = int(os.environ.get("ETL_HISTORIES") or 0)
NAMES = ("a.csv", "b.csv", "c.csv", "d.csv")
# Few values, so that keys meet, move between partitions and tie.
LINE = strategies.tuples(
    strategies.sampled_from("123"),
    strategies.sampled_from(["n", "s", ""]),
    strategies.sampled_from(["1", "2", "bad"]),
    strategies.sampled_from("xy"),
).map(",".join)
CHANGE = strategies.tuples(
    strategies.sampled_from(NAMES), strategies.lists(LINE, max_size=4)
)
# What happens to bronze between two runs of the job.
HISTORY = strategies.lists(
    strategies.lists(CHANGE, min_size=1, max_size=3), min_size=1, max_size=4
)
LAYOUTS = strategies.sampled_from(
    [
        {"partition": ("region",), "key": ("region", "id")},
        {"partition": ("region",), "key": ("id",)},
        {"partition": (), "key": ("id",)},
        {"partition": ("region",), "key": ()},
    ]
)


class PureFunctionTest(unittest.TestCase):
    """Histories of bronze, each ended by one clean run over what is left."""

    @example(
        history=[[("a.csv", ["1,n,2,x"])], [("a.csv", ["1,n,1,x"])]],
        layout={"partition": ("region",), "key": ()},
        table_format="delta",
        batch_bytes=1,
        shards=1,
    )
    @example(
        history=[[("a.csv", ["2,,1,x"]), ("b.csv", ["2,,1,x"])], [("b.csv", [])]],
        layout={"partition": ("region",), "key": ("region", "id")},
        table_format="delta",
        batch_bytes=1,
        shards=1,
    )
    @example(
        history=[
            [("a.csv", ["1,n,1,x", "1,,1,x"]), ("c.csv", ["1,n,1,x"])],
            [("c.csv", [])],
        ],
        layout={"partition": ("region",), "key": ("region", "id")},
        table_format="delta",
        batch_bytes=1,
        shards=2,
    )
    @settings(
        max_examples=HISTORIES or 20,
        # A gate tries the same ones each time; who asks for more gets others.
        derandomize=not HISTORIES,
        deadline=None,
        database=None,
    )
    @given(
        history=HISTORY,
        layout=LAYOUTS,
        table_format=strategies.sampled_from(["delta", "parquet"]),
        batch_bytes=strategies.sampled_from([1, 1 << 30]),
        shards=strategies.sampled_from([1, 2]),
    )
    def test_any_history_ends_as_one_clean_run(
        self,
        history: list[list[tuple[str, list[str]]]],
        layout: dict[str, Any],
        table_format: str,
        batch_bytes: int,
        shards: int,
    ) -> None:
        """Added, late and corrected objects leave what one run over all leaves."""
        place = SilverPlace(dataset(**layout), table_format, batch_bytes)
        bronze: dict[str, list[str]] = {}
        for changes in history:
            for name, lines in changes:
                bronze[name] = lines
                place.put(name, *lines)
            for rows in run_all(place, shards):
                self.assertEqual(rows.pop("in"), sum(rows.values()))
        clean = SilverPlace(dataset(**layout))
        for name, lines in bronze.items():
            clean.put(name, *lines)
        clean.run()
        self.assertEqual(clean.rows(), place.rows())


def run_all(place: SilverPlace, shards: int) -> Iterator[dict[str, int]]:
    """Run every shard, where the table can have them; yield the counts of rows."""
    layout = place.dataset.layout
    if shards == 1 or not set(layout.partition) & set(layout.key):
        yield place.run()["rows"]
        return
    for index in range(shards):
        yield place.run(shard=Shard(index, shards))["rows"]


if __name__ == "__main__":
    unittest.main()
