"""Chunks on the disk: whole or absent, whoever dies; old ones go."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from optimization.chunk_store import ChunkStore, Pruned
from tests.cli.command import REPOSITORY

KEY, OTHER, THIRD = "a" * 64, "b" * 64, "c" * 64

WRITER = """
import hashlib, sys
from pathlib import Path
from optimization.chunk_store import ChunkStore
store = ChunkStore(Path(sys.argv[1]))
for number in range(100_000):
    key = hashlib.sha256(str(number).encode()).hexdigest()
    store.put(key, key.encode() * 20_000)
    print(key, flush=True)
"""


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now_s = 1_740_787_200.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> ChunkStore:
    return ChunkStore(tmp_path / "deep" / "chunks", clock)


@given(result=st.binary(max_size=200))
def test_what_was_put_is_got(tmp_path_factory: pytest.TempPathFactory, result: bytes) -> None:
    store = ChunkStore(tmp_path_factory.mktemp("chunks"))
    assert store.get(KEY) is None
    store.put(KEY, result)
    store.put(KEY, result)
    assert store.get(KEY) == result
    assert store.get(OTHER) is None


@pytest.mark.parametrize("kept", [0, 1, 15, 16, 17, 40])
def test_a_file_that_is_not_whole_counts_as_absent_and_is_replaced(store: ChunkStore, kept: int) -> None:
    store.put(KEY, b"result" * 10)
    (path,) = store.root.glob("??/*")
    path.write_bytes(path.read_bytes()[:kept])
    assert store.get(KEY) is None
    store.put(KEY, b"result" * 10)
    assert store.get(KEY) == b"result" * 10


def test_a_changed_byte_counts_as_absent(store: ChunkStore) -> None:
    store.put(KEY, b"result" * 10)
    (path,) = store.root.glob("??/*")
    stored = bytearray(path.read_bytes())
    stored[-1] ^= 1
    path.write_bytes(stored)
    assert store.get(KEY) is None


@pytest.mark.parametrize(
    "key", ["", "../../etc/passwd", "A" * 64, "a" * 15, "a" * 129, "a" * 63 + "/", "a" * 64 + "\n"]
)
def test_nothing_but_a_key_becomes_a_path(store: ChunkStore, key: str) -> None:
    for call in (lambda: store.get(key), lambda: store.put(key, b"")):
        with pytest.raises(DataError, match="hexadecimal"):
            call()
    assert not store.root.exists()


@pytest.mark.parametrize("puts", [1, 5, 40])
def test_a_killed_writer_leaves_everything_it_reported_and_nothing_half(puts: int, tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    try:
        assert writer.stdout is not None
        reported = [writer.stdout.readline().strip() for _ in range(puts)]
    finally:
        writer.kill()  # it is in the middle of one of the next
        writer.communicate()
    store = ChunkStore(tmp_path)
    assert [store.get(key) for key in reported] == [key.encode() * 20_000 for key in reported]
    for path in tmp_path.glob("??/[!.]*"):
        assert store.get(path.name) == path.name.encode() * 20_000


def test_what_nobody_used_for_long_is_pruned_and_what_was_used_stays(store: ChunkStore, clock: Clock) -> None:
    _aged(store, clock, KEY, OTHER)
    clock.now_s += 20 * 86_400
    assert store.get(OTHER) is not None
    clock.now_s += 20 * 86_400
    assert store.prune(keep_days=30) == Pruned(1, 116)
    assert (store.get(KEY), store.get(OTHER)) == (None, b"x" * 100)


def test_the_longest_unused_go_first_until_the_rest_fits(store: ChunkStore, clock: Clock) -> None:
    _aged(store, clock, OTHER, KEY, THIRD)
    assert store.prune(keep_bytes=232) == Pruned(1, 116)
    assert [store.get(key) is None for key in (KEY, OTHER, THIRD)] == [False, True, False]
    assert store.prune(keep_bytes=232) == Pruned(0, 0)


def test_what_a_crashed_writer_left_goes_after_an_hour(store: ChunkStore, clock: Clock) -> None:
    _aged(store, clock, KEY)
    (path,) = store.root.glob("??/*")
    path.rename(path.with_name(f".{path.name}.1.tmp"))
    assert store.prune() == Pruned(0, 0)
    clock.now_s += 3_700
    assert store.prune() == Pruned(1, 116)


def test_an_empty_store_has_nothing_to_prune(store: ChunkStore) -> None:
    assert store.prune() == Pruned(0, 0)


def _aged(store: ChunkStore, clock: Clock, *keys: str) -> None:
    """Store under each key, a second apart by the test's clock."""
    for key in keys:
        store.put(key, b"x" * 100)
        store.get(key)  # which stamps it with that clock
        clock.now_s += 1
