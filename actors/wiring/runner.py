"""A runner's process."""

from __future__ import annotations

from actors.parts import RunnerConfig
from actors.runner import Runner
from actors.wiring.process import peers_of


class RunnerActor(Runner):
    """A runner in its own process; begins with its first call, when its peers are there."""

    def __init__(self, config: RunnerConfig, logs: str) -> None:
        super().__init__(config, peers_of(logs, config.name))
