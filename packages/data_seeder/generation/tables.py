"""The rows of every table, block by block, as the text that ``COPY`` reads.

Columns are made one after the other for a whole block, because a loop that only fills
one list is several times as fast as one that makes an object for every row.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

from data_seeder.config.seed import SeederConfig
from data_seeder.generation import words
from data_seeder.generation.bodies import Bodies, SIZES
from data_seeder.generation.chance import BLOCK, blocks, draws, parent_of
from etl_core.errors import ConfigError

AGENCY = "agencies.Agency"
USER = "users.AppUser"
DOCUMENT = "documents.UserDocument"
ATTACHMENT = "documents.Attachment"

FIRST_AGENCY = 10
"""The id of the first agency, so that there is the one of every example."""

STORED, PENDING, DELETED = "stored", "pending", "deleted"
TIDY = 3
"""Every agency whose id this divides has all its objects, in one bucket."""

HOSTILE_EVERY = 23
EMPTY_OF_256 = 6
CACHED_BLOCKS = 32
FIRST_DAY = date(2023, 1, 1)
DAYS = [str(FIRST_DAY + timedelta(day)) for day in range(1100)]
CLOCKS = [f"{minute // 60:02}:{minute % 60:02}:00+00" for minute in range(24 * 60)]
YEARS_OF_INSERTS = 1000
LONGEST_UNCHANGED = 100

# Of a thousand rows of real data so many are not as one would like them.
STATUSES = (*[PENDING] * 4, *[DELETED] * 4, *[STORED] * 992)
MISSING = range(8, 12)
ELSEWHERE = range(12, 14)

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

Columns = dict[str, Sequence[str]]


class Owners(NamedTuple):
    """To whom the rows of a block belong, by id."""

    users: list[int]
    agencies: list[int]


class Attachments(NamedTuple):
    """What the attachments of a block are.

    :param first: the id of the first one.
    :param absent: which of them have no object, though their row says so.
    """

    first: int
    documents: list[int]
    owners: Owners
    buckets: list[str]
    keys: list[str]
    sizes: list[int]
    checksums: list[str]
    statuses: list[str]
    absent: list[bool]


class Data:
    """Every row that a configuration asks for.

    :param config: decides them.
    """

    def __init__(self, config: SeederConfig) -> None:
        """Make nothing yet."""
        self._config = config
        self._elsewhere = f"{config.bucket}-archive"
        self.bodies = Bodies(config.seed)
        self.rows = {
            AGENCY: config.agencies,
            USER: config.users,
            DOCUMENT: config.documents,
            ATTACHMENT: config.attachments,
        }
        self._columns: dict[str, Callable[[range, list[tuple[int, ...]]], Columns]] = {
            AGENCY: self._agencies,
            USER: self._users,
            DOCUMENT: self._documents,
            ATTACHMENT: self._attachments,
        }
        # Children ask for their parents again and again, and in order.
        keep = lru_cache(CACHED_BLOCKS)
        self._agencies_of_users = keep(self._draw_agencies)
        self._owners_of_documents = keep(self._draw_owners)

    def blocks(self, table: str) -> range:
        """Return the blocks of a table."""
        return blocks(0, self.rows[table])

    def text(self, table: str, columns: Sequence[str], block: int) -> bytes:
        """Return the rows of a block as ``COPY`` reads and writes them.

        :param table: one of the tables of :attr:`rows`.
        :param columns: in this order.
        :raises ConfigError: when the table has a column that nothing is made for.
        """
        rows = self._range(table, block)
        made = self._columns[table](rows, self._draws(table, block))
        unknown = [name for name in columns if name not in made]
        if unknown:
            raise ConfigError(
                f"{table} has columns that no data is made for: {', '.join(unknown)}; "
                "add them to data_seeder.generation.tables"
            )
        lines = map("\t".join, zip(*(made[name] for name in columns), strict=False))
        return ("\n".join(lines) + "\n").encode()

    def attachments(self, block: int) -> Attachments:
        """Return what is known of the attachments of a block."""
        rows = self._range(ATTACHMENT, block)
        return self._known(rows, self._draws(ATTACHMENT, block))

    def _draws(self, table: str, block: int) -> list[tuple[int, ...]]:
        """Return the numbers that decide a block."""
        return draws(self._config.seed, table, block)

    def _range(self, table: str, block: int) -> range:
        """Return the rows of a block, of which the last may have fewer."""
        return range(block * BLOCK, min((block + 1) * BLOCK, self.rows[table]))

    def _agencies(self, rows: range, chance: list[tuple[int, ...]]) -> Columns:
        """Return the columns of ``agency``."""
        names = words.AGENCIES
        return {
            "id": _ids(range(rows.start + FIRST_AGENCY, rows.stop + FIRST_AGENCY)),
            "name": [
                names[row] if row < len(names) else f"{names[row % len(names)]} {row}"
                for row in rows
            ],
            **_times(chance),
        }

    def _users(self, rows: range, chance: list[tuple[int, ...]]) -> Columns:
        """Return the columns of ``app_user``."""
        first, last = words.FIRST_NAMES, words.LAST_NAMES
        names = [
            f"{first[one % len(first)]} {last[(one >> 8) % len(last)]}"
            for one in chance[2]
        ]
        agencies = self._agencies_of_users(rows.start // BLOCK)
        return {
            "id": _ids(range(rows.start + 1, rows.stop + 1)),
            "agency_id": _ids(agencies),
            "email": [
                f"user{row + 1}@agency{agency}.example"
                for row, agency in zip(rows, agencies, strict=False)
            ],
            "full_name": names,
            **_times(chance),
        }

    def _documents(self, rows: range, chance: list[tuple[int, ...]]) -> Columns:
        """Return the columns of ``user_document``."""
        titles = words.TITLES
        owners = self._owners_of_documents(rows.start // BLOCK)
        return {
            "id": _ids(range(rows.start + 1, rows.stop + 1)),
            "agency_id": _ids(owners.agencies),
            "user_id": _ids(owners.users),
            "title": [
                f"{titles[one % len(titles)]} {row + 1}"
                for row, one in zip(rows, chance[2], strict=False)
            ],
            **_times(chance),
        }

    def _attachments(self, rows: range, chance: list[tuple[int, ...]]) -> Columns:
        """Return the columns of ``attachment``."""
        known = self._known(rows, chance)
        files = [
            self._file(row, one) for row, one in zip(rows, chance[2], strict=False)
        ]
        return {
            "id": _ids(range(rows.start + 1, rows.stop + 1)),
            "agency_id": _ids(known.owners.agencies),
            "user_id": _ids(known.owners.users),
            "document_id": _ids(known.documents),
            "bucket": known.buckets,
            "object_key": known.keys,
            "file_name": [name for name, _ in files],
            "content_type": [kind for _, kind in files],
            "size_bytes": _ids(known.sizes),
            "checksum_sha256": known.checksums,
            "status": known.statuses,
            **_times(chance),
        }

    def _known(self, rows: range, chance: list[tuple[int, ...]]) -> Attachments:
        """Return what decides the objects of attachments, apart from their names."""
        config, checksum = self._config, self.bodies.checksum
        documents = _parents(rows, config.attachments, config.documents, chance[0])
        owners = self._owners(documents)
        sizes = [_size(one) for one in chance[1]][: len(rows)]
        wild = repeat(999, len(rows)) if config.clean else (n % 1000 for n in chance[3])
        lots = list(wild)[: len(rows)]
        messy = [agency % TIDY for agency in owners.agencies]
        return Attachments(
            rows.start + 1,
            [document + 1 for document in documents],
            owners,
            [
                self._elsewhere if untidy and lot in ELSEWHERE else config.bucket
                for lot, untidy in zip(lots, messy, strict=True)
            ],
            [
                f"uploads/{row + 1:012}/{one:08x}{other:08x}"
                for row, one, other in zip(rows, chance[1], chance[2], strict=False)
            ],
            sizes,
            [checksum(row + 1, size) for row, size in zip(rows, sizes, strict=True)],
            [STATUSES[lot] for lot in lots],
            [
                bool(untidy) and lot in MISSING
                for lot, untidy in zip(lots, messy, strict=True)
            ],
        )

    def _file(self, row: int, one: int) -> tuple[str, str]:
        """Return name and media type of a file, now and then one that is hard."""
        known: tuple[tuple[str, str, str], ...] = words.FILES
        if (one >> 16) % HOSTILE_EVERY == 0 and not self._config.clean:
            known = words.HOSTILE_FILES
        before, after, kind = known[one % len(known)]
        name = f"{before}{row + 1}{after}" if after else before
        return name.translate(_ESCAPES), kind

    def _owners(self, documents: list[int]) -> Owners:
        """Return to whom some neighbouring documents belong."""
        touched = blocks(min(documents), max(documents) + 1)
        users: list[int] = []
        agencies: list[int] = []
        for block in touched:
            found = self._owners_of_documents(block)
            users += found.users
            agencies += found.agencies
        places = [document - touched.start * BLOCK for document in documents]
        return Owners([users[it] for it in places], [agencies[it] for it in places])

    def _draw_owners(self, block: int) -> Owners:
        """Return to whom the documents of a block belong."""
        config, rows = self._config, self._range(DOCUMENT, block)
        chance = self._draws(DOCUMENT, block)
        users = _parents(rows, config.documents, config.users, chance[0])
        agencies = [
            self._agencies_of_users(user // BLOCK)[user % BLOCK] for user in users
        ]
        return Owners([user + 1 for user in users], agencies)

    def _draw_agencies(self, block: int) -> list[int]:
        """Return the agencies of the users of a block: some large, none without."""
        count = self._config.agencies
        rows = self._range(USER, block)
        _, one, other, _ = self._draws(USER, block)
        return [
            FIRST_AGENCY + (row if row < count else min(a % count, b % count))
            for row, a, b in zip(rows, one, other, strict=False)
        ]


def _ids(numbers: Sequence[int]) -> list[str]:
    """Return numbers as text."""
    return list(map(str, numbers))


def _parents(
    rows: range, count: int, parents: int, chance: tuple[int, ...]
) -> list[int]:
    """Return the parent of each of some rows."""
    return [
        parent_of(row, count, parents, one)
        for row, one in zip(rows, chance, strict=False)
    ]


def _size(one: int) -> int:
    """Return a size: the mean of three, so that most files are of middling size."""
    if one >> 24 < EMPTY_OF_256:
        return 0
    return SIZES[((one & 255) + (one >> 8 & 255) + (one >> 16 & 255)) // 3]


def _times(chance: list[tuple[int, ...]]) -> Columns:
    """Return when rows were inserted and last written; most were written once."""
    days = [(one >> 4) % YEARS_OF_INSERTS for one in chance[0]]
    clocks = [CLOCKS[(one >> 12) % len(CLOCKS)] for one in chance[3]]
    later = [one % LONGEST_UNCHANGED if one & 3 == 0 else 0 for one in chance[1]]
    return {
        "created_at": [f"{DAYS[it]} {at}" for it, at in zip(days, clocks, strict=True)],
        "updated_at": [
            f"{DAYS[day + more]} {at}"
            for day, more, at in zip(days, later, clocks, strict=True)
        ],
    }
