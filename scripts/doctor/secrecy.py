"""Who may read and write what is kept: state, keys, Ray's token."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scripts.doctor.finding import Finding, graded

_OTHERS: Final = 0o077
_SECRET_FILES: Final = ("ray_token", "*/api_key")
_RUNS: Final = ("paper", "live", "demo", "demo-*", "trade-test")


def secrecy(state: Path, env_file: Path) -> Iterator[Finding]:
    """The state folder, everything secret in it, and the file with the keys."""
    yield _writable(state)
    for pattern in _RUNS:
        for folder in sorted(state.glob(pattern)):
            if folder.is_dir():
                yield from _private(folder, 0o700)
    for pattern in _SECRET_FILES:
        for file in sorted(state.glob(pattern)):
            yield from _private(file, 0o600)
    if env_file.exists():
        yield from _private(env_file, 0o600, tell=True)
    else:
        yield Finding(".env", "ok", "not here: demo and paper need none")


def _writable(state: Path) -> Finding:
    if not state.exists():
        above = next(place for place in state.absolute().parents if place.exists())
        may = above.is_dir() and os.access(above, os.W_OK | os.X_OK)
        return graded("state folder", f"{state}: not there yet", f"{above} must be a writable folder", wrong=not may)
    may = state.is_dir() and os.access(state, os.R_OK | os.W_OK | os.X_OK)
    return graded("state folder", str(state), "must be a folder that this user may write to", wrong=not may)


def _private(path: Path, mode: int, *, tell: bool = False) -> Iterator[Finding]:
    """What is wrong with one file or folder; nothing where all is well, unless ``tell``."""
    try:
        told = path.stat()
    except OSError:
        return  # it went meanwhile
    allowed, owner = stat.S_IMODE(told.st_mode), told.st_uid
    wrong = bool(allowed & _OTHERS) or owner != os.getuid()
    if wrong or tell:
        yield graded(
            f"mode of {path.name}", f"{path}: {allowed:04o}, of user {owner}",
            f"chmod {mode:o} {path}, as the user who runs the system", wrong=wrong,
        )
