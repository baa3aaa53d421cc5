"""Where a process logs to. Imports no Ray, for those that need none."""

from __future__ import annotations

import sys
from pathlib import Path

from loguru import logger


def log_to(folder: Path, name: str) -> None:
    """Everything logged in this process goes to a rotating JSON file; warnings to standard error too."""
    logger.remove()
    logger.add(
        folder / f"{name.replace(':', '-')}.jsonl", serialize=True, rotation="10 MB", retention=5, level="INFO",
        diagnose=False,  # tracebacks without values: they may hold secrets
    )
    logger.add(sys.stderr, level="WARNING", diagnose=False)
