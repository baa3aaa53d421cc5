"""A file from elsewhere is bounded in what it inflates to, before it inflates."""

from __future__ import annotations

import contextlib
import struct
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DataError
from optimization import inflation, run_file
from optimization.inflation import MAX_BATCHES, MAX_HEADER_BYTES, MAX_INFLATED_BYTES, sound
from optimization.results import kept
from tests.cli.outcomes import outcome
from tests.messages import T0

SENT = kept(outcome(1, edge=0.3, days=420), T0, "lab")
PACKED = run_file.pack(SENT)


def file_of(table: Any, compression: str | None = "lz4", rows: int | None = None) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, max_chunksize=rows)
    return bytes(sink.getvalue())


def counted(packed: bytes) -> int:
    """What is read off the headers."""
    messages = pa.ipc.MessageReader.open_stream(pa.py_buffer(packed).slice(8))
    return sum(inflation._inflated(message, "x") for message in messages)


BOMB = pa.table({"a": np.zeros(MAX_INFLATED_BYTES // 4 + 1, np.float32)})


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        (lambda: file_of(BOMB), "inflates to more than 268,435,456 bytes"),
        (lambda: file_of(BOMB, "zstd"), "inflates to more than"),
        (lambda: file_of(BOMB, rows=100_000), "inflates to more than"),
        (lambda: file_of(pa.table({"a": np.zeros(MAX_BATCHES + 1, np.int8)}), None, 1), "more than 10,000 batches"),
        (lambda: file_of(pa.table({"a": [1]}).replace_schema_metadata({"x": "y" * MAX_HEADER_BYTES})), "bytes of its"),
    ],
)
def test_what_would_be_too_large_is_refused_before_it_is(packed: Any, said: str) -> None:
    made = packed()
    before = pa.total_allocated_bytes()
    with pytest.raises(DataError, match=said):
        sound(made, "the file")
    assert pa.total_allocated_bytes() == before


def test_a_buffer_that_lies_about_its_length_is_refused() -> None:
    """Arrow would reserve what it says: an exabyte."""
    made = bytearray(file_of(pa.table({"a": np.zeros(5_000, np.float64)})))
    at = made.index(struct.pack("<q", 40_000), 8)
    made[at : at + 8] = struct.pack("<q", 2**60)
    with pytest.raises(DataError, match="inflates to more than"):
        sound(bytes(made), "the file")


@given(st.lists(st.sampled_from("fisd"), min_size=1, max_size=4), st.integers(0, 400), st.integers(1, 200))
def test_what_is_counted_is_what_it_takes_uncompressed(kinds: list[str], rows: int, batch: int) -> None:
    columns = {
        "f": np.zeros(rows), "i": np.arange(rows, dtype=np.int32), "s": ["word"] * rows,
        "d": pa.array(["a", "b"] * (rows // 2) + ["c"] * (rows % 2)).dictionary_encode(),
    }
    table = pa.table([columns[kind] for kind in kinds], names=[f"{kind}{i}" for i, kind in enumerate(kinds)])
    small, plain = file_of(table, "lz4", batch), file_of(table, None, batch)
    assert counted(small) == counted(plain)
    assert sound(small, "x").equals(table)


@pytest.mark.parametrize(
    ("column", "kind"),
    [("out.sharpe.0", pa.nulls), ("param.ma_period", pa.nulls), ("out.sharpe.0", lambda n: pa.array(["x"] * n))],
)
def test_a_column_that_is_no_figure_is_refused(column: str, kind: Any) -> None:
    table = SENT.combinations
    other = table.set_column(table.column_names.index(column), column, kind(table.num_rows))
    with pytest.raises(DataError, match="must not be of the type"):
        run_file.unpack(run_file.pack(SENT._replace(combinations=other)), "x")


@given(st.lists(st.tuples(st.integers(0, len(PACKED) - 1), st.integers(0, 255)), min_size=1, max_size=4))
@settings(max_examples=200)
def test_a_damaged_file_is_refused_or_is_as_sound_as_before(changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(PACKED)
    for at, value in changes:
        damaged[at] = value
    with contextlib.suppress(DataError):
        assert run_file.unpack(bytes(damaged), "x").combinations.num_rows == SENT.run.combinations
