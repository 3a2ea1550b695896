"""Copies by boto3 in threads: ``threads.py CONCURRENCY OBJECTS``.

Objects in/1, in/2, ... of the bucket src become out/1, out/2, ... of the bucket dst.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
import sys

from etl_core.config import S3Settings
from etl_core.s3.client import create_client


def main(concurrency: int, objects: int) -> int:
    """Copy all objects with one client, as boto3's documentation advises."""
    settings = S3Settings.from_environment()
    client = create_client(settings.model_copy(update={"connections": concurrency}))

    def copy_share(numbers: Iterable[int]) -> None:
        for number in numbers:
            client.copy_object(
                Bucket="dst",
                Key=f"out/{number}",
                CopySource={"Bucket": "src", "Key": f"in/{number}"},
            )

    shares = [
        range(first, objects + 1, concurrency) for first in range(1, concurrency + 1)
    ]
    with ThreadPoolExecutor(concurrency) as pool:
        list(pool.map(copy_share, shares))
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
