"""Parquet files on any filesystem, written so that a crash at any moment leaves the old file or the new one.

A file is written under a temporary name, flushed, then moved over its final name. Temporary names begin with a dot
and end in ``.tmp``: readers never look at them, and the next write into the folder clears them away.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from core.errors import DataError

LOCAL: Final = fs.LocalFileSystem()


def locate(root: str | Path) -> tuple[Any, str]:
    """Filesystem and path of a local folder or of any URI that pyarrow reads. Raises DataError when it cannot."""
    text = str(root)
    if "://" not in text:
        return LOCAL, str(Path(text).expanduser().absolute())
    try:
        filesystem, path = fs.FileSystem.from_uri(text)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{text}: not a place that can be read: {_line(error)}") from error
    return filesystem, path.rstrip("/")


def read_parquet(filesystem: Any, path: str, columns: list[str] | None = None) -> Any:
    """The table in a file. Raises DataError naming the file when it is damaged or cannot be read."""
    try:
        return pq.ParquetFile(path, filesystem=filesystem).read(columns=columns)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise unreadable(path, error) from error


def unreadable(path: str, error: Exception) -> DataError:
    """The error for a file that is damaged or cannot be read."""
    return DataError(f"{path}: not a readable Parquet file: {_line(error)}")


def write_parquet(filesystem: Any, path: str, table: Any) -> None:
    """Put ``table`` at ``path``, replacing what was there, all or nothing.

    Raises DataError when the place cannot be written to.
    """
    folder, _, name = path.rpartition("/")
    temporary = f"{folder}/.{name}.{uuid.uuid4().hex}.tmp"
    try:
        filesystem.create_dir(folder, recursive=True)
        clear_leftovers(filesystem, folder)
        with filesystem.open_output_stream(temporary) as stream:
            pq.write_table(table, stream, compression="zstd")
        flush(filesystem, temporary)
        filesystem.move(temporary, path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: cannot be written: {_line(error)}") from error


def flush(filesystem: Any, path: str) -> None:
    """Make a local file durable before it gets its name; other filesystems commit when the stream closes."""
    if isinstance(filesystem, fs.LocalFileSystem):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def clear_leftovers(filesystem: Any, folder: str) -> None:
    """Delete what a crashed writer left in a folder."""
    for name, is_folder in entries(filesystem, folder):
        if name.startswith(".") and name.endswith(".tmp") and not is_folder:
            filesystem.delete_file(f"{folder}/{name}")


def entries(filesystem: Any, folder: str) -> list[tuple[str, bool]]:
    """Names in a folder, sorted, each with whether it is a folder; empty when there is no such folder.

    Raises DataError when the place cannot be listed.
    """
    try:
        found = filesystem.get_file_info(fs.FileSelector(folder, allow_not_found=True))
    except OSError as error:
        raise DataError(f"{folder}: cannot be listed: {_line(error)}") from error
    return sorted((i.base_name, i.type == fs.FileType.Directory) for i in found)


def folders(filesystem: Any, folder: str) -> list[str]:
    """Names of the folders inside a folder, sorted, without hidden ones."""
    return [name for name, is_folder in entries(filesystem, folder) if is_folder and not name.startswith(".")]


def parquet_files(filesystem: Any, folder: str) -> list[str]:
    """Names of the finished Parquet files inside a folder, sorted."""
    return [
        name
        for name, is_folder in entries(filesystem, folder)
        if not is_folder and name.endswith(".parquet") and not name.startswith(".")
    ]


def _line(error: Exception) -> str:
    """The first line of an error's message."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
