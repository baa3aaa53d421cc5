"""The machine: Python, cores, memory, room on its disks, other programs."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

from scripts.doctor.finding import Finding, graded

PYTHONS: Final = ((3, 11), (3, 14))
"""From this one, below that one."""
_CORES: Final = 2
_NEEDED_BYTES: Final = 1_200_000_000
"""All actors and Ray, and a local exchange."""
_SHARED_BYTES: Final = 100_000_000
_ROOM_WRONG, _ROOM_WARN = 200_000_000, 2_000_000_000
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def machine(state: Path, *, running: bool) -> Iterator[Finding]:
    """``running`` : a system runs here already, and has its memory."""
    here = sys.version_info[:2]
    yield graded(
        "python", platform.python_version(), "3.11, 3.12 or 3.13 are supported: make PYTHON=/path/to/python",
        wrong=not PYTHONS[0] <= here < PYTHONS[1],
    )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield graded("cores", str(cores), "optimisation and trading share one core: give it two", warn=cores < _CORES)
    free = psutil.virtual_memory().available
    yield graded(
        "memory", f"{free / 1e9:.1f} GB available", f"a system needs {_NEEDED_BYTES / 1e9:g} GB",
        wrong=not running and free < _NEEDED_BYTES,
    )
    for what, place in (("disk: state", _existing(state)), ("disk: temporary", Path(tempfile.gettempdir()))):
        yield _room(what, place, _ROOM_WRONG, _ROOM_WARN)
    shared = Path("/dev/shm")  # noqa: S108 - looked at, not written to
    if shared.is_dir():
        yield _room("shared memory", shared, 0, _SHARED_BYTES)
    yield _program("node", ("node",), "the dashboard cannot be built here; the plain status page is served")
    yield _program("chromium", _BROWSERS, "only the tests of the dashboard need it")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    folder = folder.absolute()
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def _room(what: str, place: Path, wrong: int, warn: int) -> Finding:
    free = shutil.disk_usage(place).free
    return graded(
        what, f"{free / 1e9:.1f} GB free in {place}", f"make room: {warn / 1e9:g} GB should be free",
        wrong=free < wrong, warn=free < warn,
    )


def _program(what: str, names: tuple[str, ...], without: str) -> Finding:
    found = next((path for name in names if (path := shutil.which(name))), None)
    return Finding(what, "ok", found or f"not here: {without}")
