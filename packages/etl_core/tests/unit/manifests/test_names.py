"""Tests of the names of objects."""

import unittest

from etl_core.manifests.names import lasting_name, object_name

LABEL = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"


class NameTest(unittest.TestCase):
    """Names from words and content."""

    def test_name_is_a_label_of_kubernetes(self) -> None:
        """Whatever the words are."""
        for words in (("get_s3_files",), ("Ä", "--"), ("x" * 90, "y"), ("a.b/c", "10")):
            with self.subTest(words):
                self.assertRegex(object_name(words, 1), LABEL)

    def test_pods_have_room_for_their_index(self) -> None:
        """The longest name and the longest index are 63 characters."""
        for shards in (1, 10, 11, 1000):
            with self.subTest(shards):
                name = object_name(("x" * 90,), 1, shards)
                self.assertEqual(63, len(f"{name}-{shards - 1}"))

    def test_cron_job_has_room_for_the_minute(self) -> None:
        """Its Jobs get eleven characters more, and their pods an index."""
        name = lasting_name(("x" * 90,), 1, 100)
        self.assertEqual(63, len(f"{name}-29384756-99") + 2)

    def test_digest_depends_on_the_content_only(self) -> None:
        """Not on the order of its keys."""
        self.assertEqual(
            object_name(("a",), {"x": 1, "y": 2}), object_name(("a",), {"y": 2, "x": 1})
        )
        self.assertNotEqual(object_name(("a",), 1), object_name(("a",), 2))


if __name__ == "__main__":
    unittest.main()
