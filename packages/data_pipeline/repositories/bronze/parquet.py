"""What a Parquet file says of itself; a plain install lacks DuckDB."""

from pathlib import Path

import duckdb

from data_pipeline.bronze.files import FileRefused

COLUMNS = "DESCRIBE SELECT * FROM read_parquet(?)"
ROWS = "SELECT num_rows FROM parquet_file_metadata(?)"


class ParquetFile:
    """Asks DuckDB about one file.

    :param path: of the file.
    """

    def __init__(self, path: Path) -> None:
        """Ask nothing yet."""
        self._path = path

    def described(self) -> tuple[tuple[str, ...], int]:
        """Return the names of the columns and the number of rows.

        :raises FileRefused: when it is no Parquet file, or cut off.
        """
        try:
            with duckdb.connect() as database:
                names = database.execute(COLUMNS, [str(self._path)]).fetchall()
                rows = database.execute(ROWS, [str(self._path)]).fetchall()
        except duckdb.Error as error:
            text = f"{self._path.name} is no Parquet file, or cut off: {error}"
            raise FileRefused("not_parquet", text) from None
        return tuple(str(name) for name, *_ in names), int(rows[0][0])
