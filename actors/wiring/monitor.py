"""The monitor's process."""

from __future__ import annotations

from pathlib import Path

from actors.monitor import Monitor
from actors.monitor_verdicts import StoredVerdicts
from actors.parts import MonitorConfig
from actors.wiring.process import peers_of


class MonitorActor(Monitor):
    """The monitor in its own process: goes by itself, after a restart too. ``results`` : database of optimisations."""

    def __init__(self, config: MonitorConfig, logs: str, results: str) -> None:
        pairs = [(c.strategy, symbol) for c in config.contenders for symbol in c.setups]
        super().__init__(config, peers_of(logs, config.name), StoredVerdicts(Path(results), pairs))
        self.start()
