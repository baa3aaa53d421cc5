"""Results of chunks on the disk, by their keys: what a run that was broken off need not compute again.

Laws
- A key names its content, so two writers of one key write the same bytes and it does not matter who is last.
- A file appears whole or not at all; one that a power cut has damaged counts as absent and is computed again. So
  nothing waits for the disk.
- Any number of processes may read, write and prune at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from core.errors import DataError

KEEP_DAYS: Final = 30.0
KEEP_BYTES: Final = 5 * 1024**3

_KEY: Final = re.compile(r"[0-9a-f]{16,128}")
_DIGEST_BYTES: Final = 16
_DAY_S: Final = 86_400.0
_ABANDONED_S: Final = 3_600.0


class Pruned(NamedTuple):
    """What `ChunkStore.prune` deleted."""

    files: int
    size_bytes: int


class ChunkStore:
    """A folder of results, one file a key. Fills `optimization.walkforward.port.ChunkLedger`.

    Parameters
    ----------
    root : made when something is stored. now_s : the wall clock, seconds.
    """

    def __init__(self, root: Path, now_s: Callable[[], float] = time.time) -> None:
        self.root, self._now_s = root, now_s

    def get(self, key: str) -> bytes | None:
        """What is stored under the key; None when nothing is, or nothing whole. Raises DataError for no key."""
        path = self._path(key)
        try:
            stored = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror}") from error
        digest, result = stored[:_DIGEST_BYTES], stored[_DIGEST_BYTES:]
        if digest != _digest(result):
            return None
        with contextlib.suppress(OSError):  # only its age; it may be gone by now
            os.utime(path, (self._now_s(), self._now_s()))
        return result

    def put(self, key: str, result: bytes) -> None:
        """Store a result. Raises DataError when the folder cannot be written to."""
        path = self._path(key)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(_digest(result))
                file.write(result)
            temporary.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise DataError(f"{path}: cannot be written: {error.strerror}") from error

    def prune(self, keep_days: float = KEEP_DAYS, keep_bytes: int = KEEP_BYTES) -> Pruned:
        """Delete what nobody used for ``keep_days``, then the longest unused until ``keep_bytes`` are left.

        What a crashed writer left goes after an hour.
        """
        now_s = self._now_s()
        found = sorted(self._files(), key=lambda file: (file.used_s, file.path))
        left = sum(file.size_bytes for file in found)
        files = size_bytes = 0
        for file in found:
            unused_s = now_s - file.used_s
            if unused_s > (keep_days * _DAY_S if file.whole else _ABANDONED_S) or (file.whole and left > keep_bytes):
                with contextlib.suppress(OSError):  # somebody else prunes too
                    file.path.unlink(missing_ok=True)
                left -= file.size_bytes
                files, size_bytes = files + 1, size_bytes + file.size_bytes
        return Pruned(files, size_bytes)

    def _path(self, key: str) -> Path:
        # Keys become paths, so nothing else than a key may pass.
        if not _KEY.fullmatch(key):
            raise DataError(f"key {key[:40]!r}: allowed are 16 to 128 hexadecimal digits")
        return self.root / key[:2] / key

    def _files(self) -> Iterator[_Stored]:
        for path in self.root.glob("??/*"):
            try:
                status = path.stat()
            except OSError:
                continue  # pruned by somebody else
            yield _Stored(path, status.st_mtime, status.st_size, not path.name.startswith("."))


class _Stored(NamedTuple):
    path: Path
    used_s: float
    size_bytes: int
    whole: bool


def _digest(result: bytes) -> bytes:
    return hashlib.blake2b(result, digest_size=_DIGEST_BYTES).digest()
