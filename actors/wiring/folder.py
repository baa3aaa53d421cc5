"""Ray's temporary folder: one for each run, taken away with it, or with the next start if that run could not.

Law: a folder is taken away when no process holds its lock, never while one does.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from actors.wiring.lock import Lock, Taken

PREFIX: Final = "radar-ray-"
"""Short: Ray puts sockets below it, whose paths may have a hundred characters in all."""
_LOCK: Final = "lock"
_NEW_S: Final = 60.0
"""A folder without a lock may be one that is being made."""


@contextmanager
def ray_folder() -> Iterator[Path]:
    """A new folder in the system's temporary one, ours alone; those of dead runs go first."""
    remove_dead(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = Lock(folder / _LOCK)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()


def remove_dead(place: Path) -> list[Path]:
    """Take away the folders there whose processes have ended; which those were."""
    return [f for f in sorted(place.glob(f"{PREFIX}*")) if _is_dead(f) and _removed(f)]


def remove_finished(state: Path, kept: int) -> list[Path]:
    """Take away all but the ``kept`` newest finished demos of a state folder; which those were."""
    finished = [f for f in sorted(state.glob("demo-*")) if _is_dead(f)]
    return [f for f in finished[: len(finished) - kept] if _removed(f)] if len(finished) > kept else []


def _is_dead(folder: Path) -> bool:
    """Ours, and nobody's who lives."""
    try:
        told = folder.lstat()
        if not folder.is_dir() or folder.is_symlink() or told.st_uid != os.getuid():
            return False
        if not (folder / _LOCK).exists():
            return time.time() - told.st_mtime > _NEW_S
        Lock(folder / _LOCK).release()
    except (OSError, Taken):
        return False
    return True


def _removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
