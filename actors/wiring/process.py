"""What every actor's process begins with: its log, its way to the others."""

from __future__ import annotations

from pathlib import Path

from actors.peers import Peers
from actors.wiring.log import log_to
from actors.wiring.transport import RayTransport


def peers_of(logs: str, name: str) -> Peers:
    """Peers of this process, after its log has been set up."""
    log_to(Path(logs), name)
    return Peers(RayTransport())
