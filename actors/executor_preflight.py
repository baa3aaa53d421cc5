"""What an account must be before anything is sent: its facts beside the configuration.

Laws
- Nothing is changed while there is a position or an order where it would matter: then the difference is shown, and
  entries wait.
- A key that may withdraw, or that is bound to no address, is refused unless the configuration allows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from core.order import OpenOrder
from core.position import Balance, VenuePosition
from exchanges.port import AccountFacts, TradingVenue

Verdict = Literal["ok", "change", "warn", "refuse"]

_SHOWN: Final = 6
"""Positions and orders named one by one; more are counted."""


class Wish(NamedTuple):
    """What is configured. ``account_type`` 'probe' takes either; ``leverage`` by symbol; ``capital`` in USDT."""

    account_type: str
    margin_mode: str
    leverage: Mapping[str, float]
    capital: float = 0.0
    unsafe_key: bool = False


class Check(NamedTuple):
    """One line: what was looked at, found and wanted.

    verdict : 'ok'; 'change', it will be set before anything is sent; 'warn', it is taken as it is, only that entries of
        a symbol wait until its modes can be set; 'refuse'.
    """

    name: str
    found: str
    wanted: str
    verdict: Verdict


class Report(NamedTuple):
    """Everything that was looked at. ``refused`` is the first reason not to trade, '' when there is none."""

    checks: tuple[Check, ...]

    @property
    def refused(self) -> str:
        """One line for the first check that forbids trading, or ''."""
        for check in self.checks:
            if check.verdict == "refuse":
                return f"{check.name}: {check.found}; allowed is {check.wanted}"
        return ""

    def matches(self, symbol: str) -> bool:
        """Whether nothing has to be changed for a symbol."""
        return all(c.verdict == "ok" for c in self.checks if c.name in _about(symbol))


async def inspect(venue: TradingVenue, wish: Wish) -> Report:
    """Read the account and judge it; changes nothing. Raises RetryLater, Refused, Fatal."""
    facts = await venue.facts(tuple(wish.leverage))
    positions, orders = await venue.positions(), await venue.all_open_orders()
    return judge(facts, await venue.balance(), positions, orders, wish)


def judge(
    facts: AccountFacts, balance: Balance, positions: Sequence[VenuePosition], orders: Sequence[OpenOrder], wish: Wish
) -> Report:
    """The facts beside the wish. Pure."""
    busy = {p.symbol for p in positions} | {o.symbol for o in orders}
    checks = [
        _account_type(facts, wish),
        *_key(facts, wish),
        _position_mode(facts, bool(busy)),
        _money(balance, wish),
    ]
    for symbol, leverage in wish.leverage.items():
        mode, level = _about(symbol)[:2]
        found_mode, found = facts.margin_mode.get(symbol, ""), facts.leverage.get(symbol, 0.0)
        how: Verdict = "warn" if symbol in busy else "change"
        as_wished = found_mode == wish.margin_mode
        checks.append(Check(mode, found_mode or "unknown", wish.margin_mode, "ok" if as_wished else how))
        checks.append(Check(level, f"{found:g}", f"{leverage:g}", "ok" if found == leverage else how))
    checks.append(_there("positions", [f"{p.symbol} {p.direction * p.quantity:g}" for p in positions]))
    checks.append(_there("orders", [f"{o.symbol} {o.kind} {o.side}" for o in orders]))
    return Report(tuple(checks))


def _about(symbol: str) -> tuple[str, str, str]:
    return f"margin mode {symbol}", f"leverage {symbol}", "position mode"


def _account_type(facts: AccountFacts, wish: Wish) -> Check:
    fits = wish.account_type in ("probe", facts.account_type)
    wanted = "classic or unified" if wish.account_type == "probe" else wish.account_type
    return Check("account type", facts.account_type, wanted, "ok" if fits else "refuse")


def _key(facts: AccountFacts, wish: Wish) -> list[Check]:
    """A venue that does not tell is shown, not refused: what it hides cannot be known."""
    bad: Verdict = "warn" if wish.unsafe_key else "refuse"
    withdraw = {True: "may withdraw", False: "may not withdraw", None: "the exchange does not tell"}
    bound = {True: "bound to addresses", False: "bound to no address", None: "the exchange does not tell"}
    return [
        Check("key permissions", withdraw[facts.can_withdraw], "may not withdraw (allow_unsafe_key: false)",
              {True: bad, False: "ok", None: "warn"}[facts.can_withdraw]),
        Check("key address", bound[facts.address_bound], "bound to addresses (allow_unsafe_key: false)",
              {True: "ok", False: bad, None: "warn"}[facts.address_bound]),
    ]


def _position_mode(facts: AccountFacts, busy: bool) -> Check:
    if facts.one_way:
        return Check("position mode", "one-way", "one-way", "ok")
    if busy:
        allowed = "one-way, or nothing open so that it can be set"
        return Check("position mode", "hedge, with positions or orders", allowed, "refuse")
    return Check("position mode", "hedge", "one-way", "change")


def _money(balance: Balance, wish: Wish) -> Check:
    found = f"{balance.equity:.2f} USDT, {balance.free:.2f} free"
    if balance.equity <= 0:
        return Check("balance", found, "above 0", "refuse")
    enough = balance.equity >= wish.capital
    return Check("balance", found, f"at least {wish.capital:g} USDT", "ok" if enough else "warn")


def _there(name: str, found: list[str]) -> Check:
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return Check(name, ", ".join(found[:_SHOWN]) + more or "none", "any", "ok" if not found else "warn")
