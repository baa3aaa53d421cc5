"""The feed's process."""

from __future__ import annotations

from functools import partial

from actors.feed import Feed
from actors.parts import FeedConfig
from actors.wiring.process import peers_of
from core.settings import Exchange
from exchanges.registry import public_venue


class FeedActor(Feed):
    """The feed in its own process: goes by itself, after a restart too."""

    def __init__(self, config: FeedConfig, exchange_name: str, exchange: Exchange, logs: str) -> None:
        venue = partial(public_venue, exchange_name, exchange)
        super().__init__(config, venue, peers_of(logs, config.name))
        self.start()
