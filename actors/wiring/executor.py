"""The executor's process."""

from __future__ import annotations

from functools import partial

from actors.executor import Executor
from actors.parts import ExecutorConfig
from actors.wiring.process import peers_of
from core.settings import Exchange
from exchanges.port import Credentials
from exchanges.registry import trading_venue


class ExecutorActor(Executor):
    """The executor in its own process; the only one that is given keys."""

    def __init__(
        self, config: ExecutorConfig, exchange_name: str, exchange: Exchange, logs: str, credentials: Credentials
    ) -> None:
        venue = partial(trading_venue, exchange_name, exchange, credentials)
        super().__init__(config, venue, peers_of(logs, config.name))
        self.start()
