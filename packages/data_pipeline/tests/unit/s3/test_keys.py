"""Destination keys: unique by their ids, safe by their names, in S3's order."""

import random
import unittest

from data_pipeline.s3.keys import agency_prefix, attachment_key
from data_pipeline.tests.seeds import attachment
from etl_core.s3.keys import KEY_BYTES

FOLDER = "agency_id=10/user_id=123/document_id=456/attachment_id=789/"
LEFT = KEY_BYTES - len(FOLDER)
# One to four bytes of UTF-8, what cannot stand in a name, and what looks like a path.
ALPHABET = "ab.\u00e9\u4e2d\U0001d11e/\\%+ '\"\n\x00\x7f\u0085\u2028\ufffe..--=&?#"


def name_in_key(file_name: str) -> str:
    """Return what becomes of a file name."""
    return attachment_key("", attachment(file_name=file_name)).removeprefix(FOLDER)


class AttachmentKeyTest(unittest.TestCase):
    """The key of one attachment, whatever its file is called."""

    def test_ids_come_first_and_the_name_last(self) -> None:
        """A plain name is kept as it is."""
        self.assertEqual(f"{FOLDER}report.pdf", attachment_key("", attachment()))

    def test_a_prefix_goes_in_front(self) -> None:
        """It is divided from the ids by one slash."""
        self.assertEqual(
            f"silver/files/{FOLDER}report.pdf",
            attachment_key("silver/files", attachment()),
        )

    def test_all_keys_of_an_agency_share_what_is_listed(self) -> None:
        """The listing of agency 1 does not show agency 10."""
        self.assertEqual("agency_id=1/", agency_prefix("", 1))
        self.assertEqual("silver/agency_id=10/", agency_prefix("silver", 10))
        key = attachment_key("silver", attachment())
        self.assertTrue(key.startswith(agency_prefix("silver", 10)), key)
        self.assertFalse(key.startswith(agency_prefix("silver", 1)), key)

    def test_two_attachments_with_one_name_do_not_meet(self) -> None:
        """Their ids keep them apart."""
        keys = {attachment_key("", attachment(number)) for number in (1, 2, 12)}
        self.assertEqual(3, len(keys))

    def test_a_slash_makes_no_folder(self) -> None:
        """A path is one name."""
        self.assertEqual(".._.._etc_passwd", name_in_key("../../etc/passwd"))
        self.assertEqual("_", name_in_key("/"))

    def test_unicode_is_kept(self) -> None:
        """Letters of any script, also those outside the first plane."""
        for name in ("R\u00e9sum\u00e9.pdf", "\u6587\u4ef6.txt", "\U0001d11e.mid"):
            with self.subTest(name):
                self.assertEqual(name, name_in_key(name))

    def test_what_urls_quote_is_kept(self) -> None:
        """S3 takes blanks, quotes, percent and plus signs in keys."""
        name = "100% \"sure\" + 'maybe' & more? #1 = a\\b.txt"
        self.assertEqual(name, name_in_key(name))

    def test_a_name_of_nothing_gets_one(self) -> None:
        """Empty, a dot, two dots, and what is empty once it is clean."""
        for name in ("", ".", "..", "\x00", "\n\r", ".\x7f."):
            with self.subTest(repr(name)):
                self.assertEqual("unnamed", name_in_key(name))

    def test_control_characters_are_left_out(self) -> None:
        """Neither a log nor a manifest is broken by a name."""
        self.assertEqual(
            "invoice.exe.pdf", name_in_key("in\nvoi\x1b\x85ce.exe\u2028.pdf")
        )

    def test_a_key_fills_the_limit_to_the_byte(self) -> None:
        """A name that just fits stays, one byte more costs one byte of the stem."""
        fits = "n" * (LEFT - 4) + ".pdf"
        self.assertEqual(fits, name_in_key(fits))
        self.assertEqual(fits, name_in_key("n" + fits))

    def test_a_long_name_keeps_its_extension(self) -> None:
        """It is cut in front of it, and between characters."""
        for letter in ("\u00e9", "\u4e2d", "\U0001d11e"):
            with self.subTest(letter):
                name = name_in_key(letter * KEY_BYTES + ".tar.gz")
                stem, dot, extension = name.rpartition(".")
                self.assertEqual((".", "gz"), (dot, extension))
                self.assertEqual({letter}, set(stem))
                self.assertLess(LEFT - 3 - len(letter.encode()), len(stem.encode()))

    def test_an_extension_too_long_is_cut_too(self) -> None:
        """What is no extension at all does not make the key too long."""
        for name in ("a." + "\u4e2d" * KEY_BYTES, "." + "x" * KEY_BYTES):
            with self.subTest(name[:3]):
                found = name_in_key(name)
                self.assertEqual(name[: len(found)], found)
                self.assertIn(LEFT - len(found.encode()), range(3))

    def test_the_longest_prefix_leaves_room_for_a_name(self) -> None:
        """With the largest ids of the database, the key has its 1,024 bytes."""
        huge = 2**63 - 1
        file = attachment(
            huge, user_id=huge, document_id=huge, agency_id=huge, file_name="x" * 2000
        )
        self.assertEqual(KEY_BYTES, len(attachment_key("p" * 512, file).encode()))

    def test_any_name_makes_a_key_that_s3_takes(self) -> None:
        """Ten thousand hostile names: short enough, one part, printable, stable."""
        chance = random.Random(20261121)  # noqa: S311 (no secret)
        for _ in range(10_000):
            length = chance.choice((0, 1, 2, 3, 20, 400, 1100))
            name = "".join(chance.choices(ALPHABET, k=length))
            found = name_in_key(name)
            self.assertLessEqual(len(FOLDER + found.encode().decode()), KEY_BYTES)
            self.assertLessEqual(len(found.encode()), LEFT, name)
            self.assertNotIn(found, ("", ".", ".."), name)
            self.assertIsNone(
                next(
                    (it for it in found if it in "/\n\x00\x7f\u0085\u2028\ufffe"), None
                ),
                name,
            )
            self.assertEqual(found, name_in_key(found))

    def test_keys_sort_as_the_rows_do(self) -> None:
        """Ids as text put rows into the order in which S3 lists their keys."""
        chance = random.Random(10)  # noqa: S311 (no secret)
        ids = (1, 2, 9, 10, 11, 19, 20, 99, 100, 101, 1000, 2**63 - 1)
        for _ in range(200):
            files = [
                attachment(
                    user_id=chance.choice(ids),
                    document_id=chance.choice(ids),
                    attachment_id=number,
                    file_name="".join(chance.choices(ALPHABET, k=5)),
                )
                for number in ids
            ]
            files.sort(
                key=lambda it: (
                    str(it.user_id),
                    str(it.document_id),
                    str(it.attachment_id),
                )
            )
            keys = [attachment_key("", file).encode() for file in files]
            self.assertEqual(sorted(keys), keys)


if __name__ == "__main__":
    unittest.main()
