"""Ray's temporary folder: one for each run, taken away with it, or with the next start if that run could not.

Law: a folder is taken away when no process holds its lock, never while one does.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil

from actors.wiring.lock import Lock, Taken

PREFIX: Final = "radar-ray-"
"""Short: Ray puts sockets below it, whose paths may have 107 bytes in all."""
_LONGEST: Final = 24
"""Bytes of the path in which such a folder is made, that sockets still fit."""
_SHORT: Final = Path("/tmp")  # noqa: S108 - folders are made in it as `tempfile` makes them
_LOCK: Final = "lock"
_HELPERS: Final = "ray::"
_NEW_S: Final = 60.0
"""A folder without a lock may be one that is being made."""


@contextmanager
def ray_folder() -> Iterator[Path]:
    """A new folder in the system's temporary one (where that has too long a name in /tmp), ours alone.

    Those of dead runs go first.
    """
    place = Path(tempfile.gettempdir())
    if len(os.fsencode(place)) > _LONGEST:
        place = _SHORT
    remove_dead(place)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    lock = Lock(folder / _LOCK)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()


def remove_dead(place: Path) -> list[Path]:
    """Take away the folders there whose runs have ended, with what is left of these; which folders those were."""
    dead = [f for f in sorted(place.glob(f"{PREFIX}*")) if _is_dead(f)]
    for process in _users(dead):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return [f for f in dead if _removed(f)]


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


def _users(folders: list[Path]) -> list[psutil.Process]:
    """Helpers of Ray that have files open there: they wait a minute for a control store that will not return."""
    found = []
    for process in psutil.process_iter() if folders else ():
        with suppress(psutil.Error, OSError):
            if process.name().startswith(_HELPERS) and process.uids().real == os.getuid():
                opened = [Path(file.path) for file in process.open_files()]
                found += [process for folder in folders if any(folder in path.parents for path in opened)][:1]
    return found


def _removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
