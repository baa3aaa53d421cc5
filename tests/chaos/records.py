"""What the exchange itself has on record of a campaign: trades out of its fills, what stood when, who was without stop.

Nothing here asks one of our actors: the admin endpoint is the only source.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

import pytest

from engine.client_ids import decode
from sandbox.client import AdminClient

Row = dict[str, Any]
Standing = dict[str, tuple[Any, ...]]
"""By symbol: position, orders, triggers, without what differs from run to run (ids, times)."""


class Deal(NamedTuple):
    """From flat to flat, out of fills. ``levels`` of the ladder that were entered, in order of entering."""

    symbol: str
    opened_ms: int
    closed_ms: int
    levels: tuple[int, ...]
    quantity: float
    average: float
    exit_price: float
    fees: float
    profit: float

    def like(self, other: Deal) -> bool:
        """The same deal: at most a minute apart, money up to rounding."""
        mine, others = ((d.quantity, d.average, d.exit_price, d.fees, d.profit) for d in (self, other))
        return (
            (self.symbol, self.levels) == (other.symbol, other.levels)
            and abs(self.opened_ms - other.opened_ms) <= 60_000
            and abs(self.closed_ms - other.closed_ms) <= 60_000
            and mine == pytest.approx(others, rel=1e-9, abs=1e-6)
        )


class Records:
    """Collected while a campaign runs, since the exchange forgets its oldest events."""

    def __init__(self, admin: AdminClient) -> None:
        self.admin = admin
        self.fills: list[Row] = []
        self.faults: list[Row] = []
        self.standing: dict[int, Standing] = {}
        self.wrong: list[str] = []
        """Violations of what must hold at every look."""
        self._ids: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._last = 0

    async def collect(self) -> None:
        """Read the events since the last time."""
        for event in await self.admin.events(self._last):
            self._last = event["sequence"]
            subject = event["subject"]
            if event["kind"] == "fill":
                self.fills.append(subject)
            elif event["kind"] == "fault":
                self.faults.append({**subject, "ts": event["ts"]})
            elif event["kind"] in ("order", "trigger") and decode(subject["client_id"]):
                self._ids[event["kind"], subject["client_id"]].add(subject["order_id"])

    async def look(self) -> None:
        """Take down what stands now, and whatever may never stand."""
        await self.collect()
        state = await self.admin.state()
        self.wrong += state["violations"]
        (account,) = state["accounts"]
        self.wrong += [f"at {state['time']}: {found}" for found in amiss(account)]
        self.standing[state["time"] - state["time"] % 60_000] = standing(account)

    def doubled(self) -> list[str]:
        """Client ids that two orders bore, or two triggers; the order that a trigger becomes bears the trigger's."""
        return [f"{name}: {sorted(ids)}" for name, ids in self._ids.items() if len(ids) > 1]

    def deals(self) -> list[Deal]:
        """Everything that was opened and closed, in order of closing."""
        return deals(self.fills)


def deals(fills: Iterable[Row]) -> list[Deal]:
    """Deals out of fills in their order; what is open at the end is none."""
    found, open_ = [], defaultdict[str, list[Row]](list)
    for fill in fills:
        parts = open_[fill["symbol"]]
        parts.append(fill)
        held = sum(p["quantity"] if p["opening"] else -p["quantity"] for p in parts)
        if abs(held) < 1e-9:
            found.append(_deal(parts))
            parts.clear()
    return found


def amiss(account: Row) -> list[str]:
    """Orders of one and the same intention, and triggers that nothing belongs to."""
    held = {p["symbol"] for p in account["positions"]}
    places: dict[tuple[Any, ...], int] = defaultdict(int)
    for order in account["orders"]:
        said = decode(order["client_id"])
        places[order["symbol"], *((said.role, said.level) if said else (order["client_id"],))] += 1
    for trigger in account["triggers"]:
        places[trigger["symbol"], trigger["plan"]] += 1
    found = [f"{count} orders for {place}" for place, count in places.items() if count > 1]
    found += [f"a trigger without a position: {t}" for t in account["triggers"] if t["symbol"] not in held]
    orphans = [o for o in account["orders"] if o["reduce_only"] and o["symbol"] not in held]
    return found + [f"an order to close without a position: {o}" for o in orphans]


def standing(account: Row) -> Standing:
    """What stands on each symbol: equal to another run's where both are equal to the same target."""
    found: dict[str, list[Any]] = defaultdict(list)
    for p in account["positions"]:
        found[p["symbol"]].append(("position", p["direction"], p["quantity"], round(p["cost"], 6)))
    for o in account["orders"]:
        shown = (o["side"], o["quantity"], o["limit"], o["reduce_only"], o["preset_stop"])
        found[o["symbol"]].append(("order", *shown))
    for t in account["triggers"]:
        found[t["symbol"]].append(("trigger", t["plan"], t["side"], t["trigger"], t["execute"], t["source"]))
    return {symbol: tuple(sorted(rows, key=repr)) for symbol, rows in found.items()}


def _deal(fills: list[Row]) -> Deal:
    entries, exits = [f for f in fills if f["opening"]], [f for f in fills if not f["opening"]]
    parsed = [decode(f["client_id"]) for f in entries]
    return Deal(
        fills[0]["symbol"], fills[0]["ts_ms"], fills[-1]["ts_ms"],
        tuple(dict.fromkeys(said.level if said else -1 for said in parsed)),
        sum(f["quantity"] for f in entries), _mean(entries), _mean(exits), sum(f["fee"] for f in fills),
        sum(f["profit"] for f in fills),
    )


def _mean(fills: list[Row]) -> float:
    return float(sum(f["quantity"] * f["price"] for f in fills) / sum(f["quantity"] for f in fills))
