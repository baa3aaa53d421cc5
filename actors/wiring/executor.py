"""The executor's process."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from actors.executor import Executor
from actors.parts import ExecutorConfig
from actors.wiring.lock import Lock, Taken, account_lock
from actors.wiring.process import peers_of
from core.errors import RetryLater
from core.settings import Exchange
from exchanges.port import Credentials, TradingVenue
from exchanges.registry import trading_venue


class ExecutorActor(Executor):
    """The executor in its own process; the only one that is given keys, and the only one of its account."""

    def __init__(
        self, config: ExecutorConfig, exchange_name: str, exchange: Exchange, logs: str, credentials: Credentials
    ) -> None:
        self._lock: Lock | None = None
        self._where = account_lock(Path(logs).parent.parent, exchange_name, exchange, credentials)
        venue = partial(self._alone, partial(trading_venue, exchange_name, exchange, credentials))
        super().__init__(config, venue, peers_of(logs, config.name))
        self.start()

    def _alone(self, venue: partial[TradingVenue]) -> TradingVenue:
        """The venue, once no other process has this account. Raises RetryLater: it may end any moment."""
        if self._lock is None:
            try:
                self._lock = Lock(self._where)
            except Taken as error:
                raise RetryLater(f"another executor trades this account: {error}") from error
        return venue()
