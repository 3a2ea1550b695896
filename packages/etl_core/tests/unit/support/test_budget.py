"""Threads that share so many bytes."""

from concurrent.futures import ThreadPoolExecutor
import threading
import unittest

from etl_core.support.budget import ByteBudget

SECONDS = 10.0


class ByteBudgetTest(unittest.TestCase):
    """A budget of ten bytes."""

    def most_at_once(self, sizes: list[int], always: int = 1) -> int:
        """Return how many bytes were held at once, which no thread lets go before."""
        budget, lock = ByteBudget(10, always), threading.Lock()
        held, most = 0, 0

        def work(size: int) -> None:
            nonlocal held, most
            with budget.hold(size):
                with lock:
                    held += size
                    most = max(most, held)
                full.wait(0.02)
                with lock:
                    held -= size

        full = threading.Event()
        with ThreadPoolExecutor(len(sizes)) as pool:
            for future in [pool.submit(work, size) for size in sizes]:
                future.result(SECONDS)
        return most

    def test_no_more_than_the_limit(self) -> None:
        """Threads wait for bytes that others hold, and then go on."""
        self.assertLessEqual(self.most_at_once([4] * 8), 10)

    def test_more_than_the_limit_alone(self) -> None:
        """What is larger than the budget waits until nobody holds anything."""
        self.assertEqual(30, self.most_at_once([30, 30, 30]))

    def test_a_few_need_not_wait(self) -> None:
        """Large things go on in a few threads at once."""
        self.assertEqual(60, self.most_at_once([30, 30, 30], always=2))

    def test_bytes_come_back_after_an_error(self) -> None:
        """Whatever happened while they were held."""
        budget = ByteBudget(10)
        with self.assertRaises(KeyError), budget.hold(10):
            raise KeyError
        with budget.hold(10):
            pass


if __name__ == "__main__":
    unittest.main()
