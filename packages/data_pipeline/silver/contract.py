"""What a contract says of a silver table, and how its bronze objects are read."""

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

from data_pipeline.bronze.files import BronzeFile
from data_pipeline.bronze.intake import Intake
from data_pipeline.contracts.model import Contract
from data_pipeline.repositories.bronze.sql import text
from data_pipeline.repositories.bronze.statement import (
    compile_contract,
    HASH_KEY,
)
from data_pipeline.repositories.silver import Layout
from data_pipeline.silver.table import Dataset

DIGEST_BYTES = 8
HASH = "hash"


class ContractBronze:
    """The :class:`~data_pipeline.silver.table.Bronze` of a contract.

    :param contract: says how the objects are read.
    :param hash_key: goes in front of values that are hashed.
    """

    def __init__(self, contract: Contract, hash_key: str = "") -> None:
        """Compile the contract."""
        self._contract = contract
        self._compiled = compile_contract(contract)
        variable = f"SET VARIABLE {HASH_KEY} = {text(hash_key)}"
        self.settings = (*self._compiled.settings, variable)

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """Name and DuckDB type of each column of the table."""
        return self._compiled.table_columns

    def prepare(self, path: Path) -> BronzeFile:
        """Return a downloaded object as it can be read."""
        return Intake(self._contract, path.parent).take(path)

    def mend(self, file: BronzeFile) -> BronzeFile:
        """Return a file written anew, of which the reader found other records."""
        path = Path(file.path)
        return Intake(self._contract, path.parent).take(path, mend=True)

    def statement(self, files: Sequence[BronzeFile]) -> str:
        """Return the SQL that yields the typed rows of prepared files."""
        return self._compiled.statement(files)

    def in_order(self, files: Sequence[BronzeFile]) -> str:
        """Return the SQL that yields the same rows in their order."""
        return self._compiled.in_order_sql(files)


def dataset_of(contract: Contract, hash_key: str = "") -> Dataset:
    """Return what a contract says of its table.

    With another key for its hashes all of a table is made again.
    """
    bronze = ContractBronze(contract, hash_key)
    meaning = f"{contract.digest} {hash_key if _hashes(contract) else ''}"
    layout = Layout(
        bronze.columns,
        contract.key,
        tuple((it.column, it.descending) for it in contract.order),
        contract.partition,
    )
    return Dataset(
        blake2b(meaning.encode(), digest_size=DIGEST_BYTES).hexdigest(),
        layout,
        bronze,
        contract.on_violation == "reject_file",
        contract.threshold,
    )


def _hashes(contract: Contract) -> bool:
    """Tell whether a column of a contract is hashed."""
    return any(column.sensitivity == HASH for column in contract.columns)
