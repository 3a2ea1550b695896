"""Rows as text: for ever the same, and true to one another."""

from collections import Counter
import hashlib
import unittest

from data_seeder.config.seed import SeederConfig
from data_seeder.generation.chance import BLOCK
from data_seeder.generation.tables import (
    AGENCY,
    ATTACHMENT,
    Data,
    DOCUMENT,
    FIRST_AGENCY,
    TIDY,
    USER,
)
from etl_core.errors import ConfigError

COLUMNS = {
    AGENCY: ("id", "name"),
    USER: ("id", "agency_id", "email"),
    DOCUMENT: ("id", "user_id", "agency_id"),
    ATTACHMENT: ("id", "document_id", "user_id", "agency_id", "bucket", "status"),
}
FILE = ("id", "file_name", "content_type", "size_bytes", "checksum_sha256")
TIMES = ("created_at", "updated_at")
# Of seed 7: whoever changes what a seed means breaks everybody's data.
PINNED = "d3473d58"


def data(**facts: int | bool) -> Data:
    """Return a few thousand rows, some facts changed."""
    known = {"agencies": 5, "users": 300, "documents": 2500, "attachments": 7300}
    return Data(SeederConfig(**{**known, **facts}))  # type: ignore[arg-type]


def rows(made: Data, table: str, columns: tuple[str, ...] = ()) -> list[list[str]]:
    """Return all rows of a table, column by column."""
    wanted = columns or COLUMNS[table]
    text = b"".join(made.text(table, wanted, it) for it in made.blocks(table))
    return [line.split("\t") for line in text.decode().split("\n")[:-1]]


class TablesTest(unittest.TestCase):
    """All rows of a small configuration."""

    def test_a_seed_means_the_same_for_ever(self) -> None:
        """The text of a block has the checksum that it had when this was written."""
        text = data().text(ATTACHMENT, COLUMNS[ATTACHMENT] + FILE + TIMES, 3)
        self.assertEqual(PINNED, hashlib.sha256(text).hexdigest()[:8])

    def test_a_block_needs_no_other(self) -> None:
        """Whatever was made before, and in which order, a block is the same."""
        forward, backward = data(), data()
        blocks = list(forward.blocks(ATTACHMENT))
        columns = COLUMNS[ATTACHMENT]
        one = {it: forward.text(ATTACHMENT, columns, it) for it in blocks}
        other = {it: backward.text(ATTACHMENT, columns, it) for it in blocks[::-1]}
        self.assertEqual(one, other)

    def test_another_seed_makes_other_rows(self) -> None:
        """Hardly a row is the same."""
        one = {line[4] for line in rows(data(seed=7), ATTACHMENT, FILE)}
        other = {line[4] for line in rows(data(seed=8), ATTACHMENT, FILE)}
        self.assertLessEqual(len(one & other), 1)  # that of empty files

    def test_ids_have_no_gap(self) -> None:
        """Agencies begin at 10, everything else at 1."""
        made = data()
        for table, count in made.rows.items():
            first = FIRST_AGENCY if table == AGENCY else 1
            ids = [int(line[0]) for line in rows(made, table)]
            with self.subTest(table):
                self.assertEqual(list(range(first, first + count)), ids)

    def test_children_have_the_parents_of_their_parents(self) -> None:
        """What the composite keys demand."""
        made = data()
        agencies = {line[0] for line in rows(made, AGENCY)}
        users = {line[0]: line[1] for line in rows(made, USER)}
        documents = {line[0]: tuple(line[1:]) for line in rows(made, DOCUMENT)}
        self.assertEqual(agencies, set(users.values()))
        for user, agency in documents.values():
            self.assertEqual(users[user], agency)
        for line in rows(made, ATTACHMENT):
            self.assertEqual(documents[line[1]], (line[2], line[3]))

    def test_more_children_than_rows_of_a_block(self) -> None:
        """Parents may be many more, or many fewer, than children."""
        for facts in ({"documents": 9000}, {"users": 5, "documents": 3}):
            with self.subTest(facts):
                made = data(**facts)
                documents = {line[0] for line in rows(made, DOCUMENT)}
                found = {line[1] for line in rows(made, ATTACHMENT)}
                self.assertLessEqual(found, documents)

    def test_agencies_differ_in_size(self) -> None:
        """The largest has several times as many users as the smallest."""
        counts = Counter(line[1] for line in rows(data(), USER))
        self.assertGreater(max(counts.values()), 3 * min(counts.values()))

    def test_addresses_are_unique(self) -> None:
        """No two users share one."""
        found = [line[2] for line in rows(data(), USER)]
        self.assertEqual(len(found), len(set(found)))

    def test_checksum_and_size_are_those_of_the_bytes(self) -> None:
        """Every row agrees with its object."""
        made = data()
        for number, _, _, size, checksum in rows(made, ATTACHMENT, FILE)[:200]:
            body = made.bodies.body(int(number), int(size))
            self.assertEqual(int(size), len(body))
            self.assertEqual(checksum, hashlib.sha256(body).hexdigest())

    def test_odd_rows_are_there_and_can_be_left_out(self) -> None:
        """Real data has all kinds, clean data has none."""
        odd, clean = data(), data(clean=True)
        for made, expected in ((odd, True), (clean, False)):
            status = {line[5] for line in rows(made, ATTACHMENT)}
            buckets = {line[4] for line in rows(made, ATTACHMENT)}
            names = {line[1] for line in rows(made, ATTACHMENT, FILE)}
            absent = [any(made.attachments(it).absent) for it in range(7)]
            with self.subTest(expected):
                self.assertEqual(expected, {"pending", "deleted"} <= status)
                self.assertEqual(expected, len(buckets) == 2)
                self.assertEqual(expected, any(absent))
                self.assertEqual(expected, ".." in names)

    def test_tidy_agencies_lack_nothing(self) -> None:
        """So that there always is a run without a quarantine."""
        made = data()
        for block in made.blocks(ATTACHMENT):
            known = made.attachments(block)
            for agency, absent in zip(known.owners.agencies, known.absent, strict=True):
                self.assertFalse(absent and agency % TIDY == 0)

    def test_a_name_with_a_tab_stays_one_field(self) -> None:
        """What separates fields and rows is escaped, and so is the escape."""
        names = [
            line[1] for line in rows(data(attachments=BLOCK * 9), ATTACHMENT, FILE)
        ]
        self.assertTrue(any(name.startswith("tab\\tand\\nline") for name in names))
        self.assertTrue(any(name.startswith("back\\\\slash") for name in names))

    def test_a_column_without_data_is_named(self) -> None:
        """A new column of a model is not left to its default in silence."""
        with self.assertRaisesRegex(ConfigError, "agencies.Agency.*: colour;"):
            data().text(AGENCY, ("id", "colour"), 0)


if __name__ == "__main__":
    unittest.main()
