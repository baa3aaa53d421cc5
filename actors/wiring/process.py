"""What every actor's process begins with: its log, its way to the others."""

from __future__ import annotations

import sys
from pathlib import Path

from loguru import logger

from actors.peers import Peers
from actors.wiring.transport import RayTransport


def peers_of(logs: str, name: str) -> Peers:
    """Peers of this process, after its log has been set up."""
    log_to(Path(logs), name)
    return Peers(RayTransport())


def log_to(folder: Path, name: str) -> None:
    """Everything logged in this process goes to a rotating JSON file; warnings to standard error too."""
    logger.remove()
    logger.add(
        folder / f"{name.replace(':', '-')}.jsonl", serialize=True, rotation="10 MB", retention=5, level="INFO",
        diagnose=False,  # tracebacks without values: they may hold secrets
    )
    logger.add(sys.stderr, level="WARNING", diagnose=False)
