"""Unit tests of :mod:`etl_core.runs.preview`."""

import unittest

from etl_core.runs.preview import FIRST_UNITS, Forecast, plan_file, planned
from etl_core.tests.worlds import FolderTest, make_line, make_task, make_unit


class ForecastTest(FolderTest):
    """What decisions add up to."""

    def test_counts(self) -> None:
        """Tasks are counted with their bytes, lines by outcome and reason."""
        forecast = Forecast(4)
        for number, size in ((1, 5), (2, None)):
            task = make_task(number, unit=make_unit(number, size=size))
            forecast.see(planned(task.unit, task))
        unchanged = make_line(3, outcome="unchanged", reason="same")
        forecast.see(planned(make_unit(3), unchanged))
        found = forecast.to_json()
        self.assertEqual((4, 2, 5), (found["listed"], found["to_do"], found["bytes"]))
        self.assertEqual((1, 0), (found["unchanged"], found["done"]))
        self.assertEqual({"unchanged: same": 1}, found["reasons"])

    def test_first_units(self) -> None:
        """Only the first units are kept, however many there are."""
        forecast = Forecast(50)
        for number in range(50):
            forecast.see(planned(make_unit(number), make_task(number)))
        first = forecast.to_json()["first_units"]
        self.assertEqual(FIRST_UNITS, len(first))
        self.assertEqual("sample=0", first[0]["unit"])

    def test_no_plan_file(self) -> None:
        """Nobody asked for a file, and none is written."""
        with plan_file(None) as file:
            file.write({"unit": "a"})
        self.assertEqual([], list(self.folder.iterdir()))

    def test_plan_file(self) -> None:
        """A file that was asked for has one line a unit."""
        with plan_file(self.folder / "plan") as file:
            file.write({"unit": "ä"})
        text = (self.folder / "plan").read_text(encoding="utf-8")
        self.assertEqual('{"unit":"ä"}\n', text)


if __name__ == "__main__":
    unittest.main()
