"""Everything the matching core knows: accounts, rules, prices, the time, and what happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from core.instrument import Instrument
from sandbox.account import Account
from sandbox.faults.plan import Faults, Injection
from sandbox.journal import Journal
from sandbox.orders import Force
from sandbox.protection import ProtectionRecord
from sandbox.refusal import Refusal

FIRST_ID: Final = 1_200_000_000_000_000_000
"""Ids look like Bitget's: nineteen digits, increasing."""


class State:
    """The matching core's state. It has no clock of its own: ``now_ms`` is set by whoever moves the market."""

    default_force: Final = Force.GTC

    def __init__(
        self, accounts: Iterable[Account], instruments: Mapping[str, Instrument], slippage: float, now_ms: int
    ) -> None:
        self.depth = 0.0
        """USDT in the book's nearest level where quantity is limited by depth; 0 fills everything wholly."""
        self.accounts = {account.key: account for account in accounts}
        self.instruments = dict(instruments)
        self.slippage = slippage
        self.now_ms = now_ms
        self.prices: dict[str, float] = {}
        self.journal = Journal()
        self.protection = ProtectionRecord()
        self.faults = Faults(self._fault_given)
        self.last_id = FIRST_ID

    def next_id(self) -> int:
        """A new order, trade or position id."""
        self.last_id += 1
        return self.last_id

    def instrument(self, symbol: str) -> Instrument:
        """The rules of a symbol. Raises Refusal when it is not traded here."""
        try:
            return self.instruments[symbol]
        except KeyError:
            raise Refusal("40034", f"Parameter {symbol} does not exist") from None

    def price(self, symbol: str) -> float:
        """Last price, which is the mark price too. Raises Refusal while the symbol has none."""
        self.instrument(symbol)
        try:
            return self.prices[symbol]
        except KeyError:
            raise Refusal("40309", f"The contract {symbol} has been removed") from None

    def record(self, kind: str, account: Account | None, symbol: str, subject: Any = None, note: str = "") -> None:
        """Journal something that happened now."""
        self.journal.record(self.now_ms, kind, account, symbol, subject, note)

    def _fault_given(self, injection: Injection) -> None:
        self.record("fault", None, injection.symbol, injection, f"{injection.kind} by rule {injection.rule}")
