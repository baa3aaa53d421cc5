"""Risk's process."""

from __future__ import annotations

from actors.parts import RiskConfig
from actors.risk import RiskActor
from actors.wiring.process import peers_of


class RiskProcess(RiskActor):
    """Risk in its own process."""

    def __init__(self, config: RiskConfig, logs: str) -> None:
        super().__init__(config, peers_of(logs, config.name))
