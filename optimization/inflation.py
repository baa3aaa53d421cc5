"""How large an Arrow file from elsewhere would become, read off its headers before any of it is inflated.

A buffer that Arrow compressed begins with the length it inflates to, and Arrow reserves that much before it looks at
the rest. LZ4 makes up to 255 times as much of what it is given, so the size of the file bounds nothing.

Law: what is counted is what `sound` gives back, batch by batch, and nothing else of the file is read: a footer may
point elsewhere.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from core.errors import DataError

MAX_INFLATED_BYTES: Final = 256 * 1024 * 1024
"""A run of 100,000 combinations over 70 windows."""
MAX_HEADER_BYTES: Final = 8 * 1024 * 1024
"""Of the schema, which bears the run and its windows."""
MAX_BATCHES: Final = 10_000

_MAGIC_BYTES: Final = 8
_DICTIONARY_BATCH, _RECORD_BATCH = 2, 3  # MessageHeader of Arrow's Message.fbs
_HEADER_TYPE, _HEADER = 1, 2  # fields of its tables, by number
_DATA = 1
_BUFFERS, _COMPRESSION = 2, 3


def sound(packed: Any, name: str) -> Any:
    """The table in the bytes of an Arrow file. Raises DataError for what breaks a bound, and Arrow's own errors."""
    whole = pa.py_buffer(packed)
    pa.ipc.open_file(whole)  # it ends as a file does
    stream = whole.slice(_MAGIC_BYTES)
    left = MAX_INFLATED_BYTES
    for number, message in enumerate(pa.ipc.MessageReader.open_stream(stream)):
        if number > MAX_BATCHES:
            raise DataError(f"{name}: has more than {MAX_BATCHES:,} batches")
        if message.type == "schema" and message.metadata.size > MAX_HEADER_BYTES:
            raise DataError(f"{name}: says more than {MAX_HEADER_BYTES:,} bytes of its run and columns")
        left -= _inflated(message, name)
        if left < 0:
            raise DataError(f"{name}: inflates to more than {MAX_INFLATED_BYTES:,} bytes")
    return pa.ipc.open_stream(stream).read_all()


def _inflated(message: Any, name: str) -> int:
    try:
        return sum(_lengths(memoryview(message.metadata), memoryview(message.body)))
    except (struct.error, IndexError) as error:
        raise DataError(f"{name}: is no Arrow file of a run: a buffer lies outside of it") from error


def _lengths(header: memoryview, body: memoryview) -> Iterator[int]:
    """What each buffer of a batch inflates to; Arrow has verified the header's structure."""
    message = _at(header, 0)
    kind = _field(header, message, _HEADER_TYPE)
    if not kind or header[kind] not in (_DICTIONARY_BATCH, _RECORD_BATCH):
        return
    batch = _at(header, _field(header, message, _HEADER))
    if header[kind] == _DICTIONARY_BATCH:
        batch = _at(header, _field(header, batch, _DATA))
    compressed = _field(header, batch, _COMPRESSION) > 0
    buffers = _field(header, batch, _BUFFERS)
    begin = _at(header, buffers) if buffers else 0
    count = struct.unpack_from("<I", header, begin)[0] if buffers else 0
    for i in range(count):
        offset, length = struct.unpack_from("<qq", header, begin + 4 + 16 * i)
        if compressed and length > 0:
            (inflated,) = struct.unpack_from("<q", body, offset)
            length = length - 8 if inflated < 0 else inflated  # -1: this one was left as it is
        yield max(length, 0)


def _at(header: memoryview, position: int) -> int:
    """Where the offset at a position leads."""
    return position + int(struct.unpack_from("<I", header, position)[0])


def _field(header: memoryview, table: int, number: int) -> int:
    """Position of a table's field, 0 where it is not given."""
    directory = table - int(struct.unpack_from("<i", header, table)[0])
    (size,) = struct.unpack_from("<H", header, directory)
    slot = 4 + 2 * number
    if slot + 2 > size:
        return 0
    (offset,) = struct.unpack_from("<H", header, directory + slot)
    return table + int(offset) if offset else 0
