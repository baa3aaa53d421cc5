"""A text file written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Replace ``path`` by one of this content, with the rights it had, else those of any new file.

    A reader, a crash or a full disk sees the old file or the new one. Raises OSError; then nothing is left behind.
    """
    target = path.resolve()  # a link stays a link
    part = ""
    try:
        handle, part = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(part).chmod(_mode(target))
        Path(part).replace(target)
    except OSError:
        if part:
            Path(part).unlink(missing_ok=True)
        raise


def _mode(path: Path) -> int:
    """Its rights, or those of a new file; a temporary one is its owner's alone."""
    if path.exists():
        return path.stat().st_mode & 0o7777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
