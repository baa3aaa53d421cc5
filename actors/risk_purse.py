"""Whose money risk watches: the account's and every strategy's, on paper and live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.messages import EquityMarked
from core.settings import Risk
from engine.risk_money import ACCOUNT, Meter, Watch, at, meters, renewed, seen


class Purse:
    """Watches by account.

    Parameters
    ----------
    strategies : whose runners tell their equity. at_exchange : the account is one at an exchange; else it is what all
        strategies have on paper together.
    """

    def __init__(self, strategies: Iterable[str], *, at_exchange: bool) -> None:
        self._strategies, self._at_exchange = tuple(strategies), at_exchange
        self.watches: dict[str, Watch] = {}

    @property
    def members(self) -> tuple[str, ...]:
        """Whose equity the account's is made of, nobody's at an exchange."""
        return () if self._at_exchange else self._strategies

    def equity(self, otherwise: float) -> float:
        """Of the account, as seen last."""
        watch = self.watches.get(ACCOUNT)
        return watch.equity if watch is not None else otherwise

    def growth(self, strategy: str, capital: float) -> float:
        """What a strategy has now over what it was given: its capital grows and shrinks with it."""
        watch = self.watches.get(f"{'live' if self._at_exchange else 'paper'}:{strategy}")
        return max(watch.equity, 0.0) / capital if watch is not None else 1.0

    def remember(self, watches: Mapping[str, Watch], members: tuple[str, ...]) -> None:
        """Take over saved watches; what came already is newer. The account's only if it is made of the same."""
        for key, watch in watches.items():
            newer = self.watches.get(key)
            if key != ACCOUNT or members == self.members:
                self.watches[key] = seen(watch, newer.ts_ms, newer.equity) if newer else watch

    def balance(self, ts_ms: int, equity: float) -> None:
        """The account at the exchange has this."""
        self.watches[ACCOUNT] = seen(self.watches.get(ACCOUNT), ts_ms, equity)

    def mark(self, marks: Iterable[EquityMarked]) -> None:
        """Strategies have this; on paper the account's equity is known once every one has told its own."""
        last_ms = 0
        for mark in marks:
            key = f"{mark.scope}:{mark.strategy}"
            self.watches[key] = seen(self.watches.get(key), mark.ts_ms, mark.equity)
            last_ms = max(last_ms, mark.ts_ms)
        parts = [self.watches.get(f"paper:{name}") for name in self.members]
        if parts and all(parts):
            self.balance(last_ms, sum(watch.equity for watch in parts if watch))

    def meters(self, limits: Risk, now_ms: int) -> tuple[Meter, ...]:
        """Every limit on losses with what is used of it now."""
        watches = {key: at(watch, now_ms) for key, watch in self.watches.items()}
        return meters(watches, limits, self._strategies, real=self._at_exchange)

    def renew(self, switch: str) -> None:
        """What a kill switch watches begins anew from what there is now."""
        _, _, strategy = switch.partition(":")
        for key in (f"paper:{strategy}", f"live:{strategy}") if strategy else (ACCOUNT,):
            if key in self.watches:
                self.watches[key] = renewed(self.watches[key])
