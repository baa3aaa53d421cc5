"""The ledger's process."""

from __future__ import annotations

from pathlib import Path

from actors.ledger import Ledger
from actors.wiring.log import log_to


class LedgerActor(Ledger):
    """The ledger in its own process."""

    def __init__(self, url: str, logs: str) -> None:
        log_to(Path(logs), "ledger")
        super().__init__(url)
