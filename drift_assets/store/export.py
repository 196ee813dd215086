"""Export: every table and view as a Parquet file, for tools that know no DuckDB."""

import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import duckdb

from drift_assets.errors import HistoryError
from drift_assets.store.publish import sync_folder
from drift_assets.store.session import first_line, quoted


def export_parquet(connection: duckdb.DuckDBPyConnection, folder: Path) -> Mapping[str, int]:
    """Write each table and view to ``<folder>/<name>.parquet`` and return their rows by name.

    ``folder`` appears only when all of it is written.

    Parameters
    ----------
    connection
        Reads the history.
    folder
        The folder to make; one that is there already must be empty.

    Raises
    ------
    HistoryError
        If there is something already, or it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise HistoryError(
            f"Found something at {folder} already, expected a new or an empty folder: name "
            "another one."
        )
    new = folder.with_name(f".{folder.name[:40]}.{secrets.token_hex(4)}.tmp")
    try:
        new.mkdir(parents=True)
        names = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'history' UNION ALL "
            "SELECT view_name FROM duckdb_views() WHERE database_name = 'history' AND NOT internal "
            "ORDER BY 1"
        ).fetchall()
        rows: dict[str, int] = {}
        for (name,) in names:
            if not name.replace("_", "").isalnum():
                raise HistoryError(
                    f"Found a table or view named {name!r} in the history, expected only letters, "
                    "digits and _, for a file is named after it: rename it, or drop it."
                )
            literal = str(new / f"{name}.parquet").replace("'", "''")
            written = connection.execute(
                f"COPY (FROM {quoted(name)}) TO '{literal}' (FORMAT parquet, COMPRESSION zstd)"
            ).fetchone()
            rows[name] = int(written[0]) if written else 0
        if folder.exists():
            folder.rmdir()
        new.rename(folder)
        sync_folder(folder.parent)
    except duckdb.Error as error:
        raise HistoryError(
            f"The history cannot be exported to {folder}: {first_line(error)} Expected a history "
            "that is whole, and room for it: see drift-assets history check."
        ) from error
    except OSError as error:
        raise HistoryError(
            f"The history cannot be exported to {folder}: {error.strerror or error}. Expected a "
            "place in which this user may write."
        ) from error
    finally:
        with suppress(OSError):
            shutil.rmtree(new)
    return rows
