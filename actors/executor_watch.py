"""What somebody else did on a symbol that we trade: found by comparing one look with the next. Pure.

What each means, and what becomes of it
- An order of somebody else: told once, never touched. Should it fill, its part is covered by the position's stop.
- A position that no fill of ours opened: told once, protected, owned by nobody; no entries beside it until it is flat.
- An entry or take profit of ours that is gone without a fill: told; the next comparison places it again.
- The stop was moved, or a second one placed: told; the next comparison puts the wanted one back.
- Closing by hand is a fill: it is told where fills are told.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple

from core.messages import FillRole, Severity
from core.order import OpenOrder, OrderKind
from core.position import VenuePosition
from engine.client_ids import decode

_REMEMBERED: Final = 1_000


class Finding(NamedTuple):
    """What was found; the kind is the alert's."""

    kind: str
    severity: Severity
    detail: str


class Watch:
    """Of one symbol. Our own doings are told it, so that what remains is somebody else's."""

    def __init__(self) -> None:
        self._shown: dict[str, OpenOrder] = {}
        self._version = -1
        self._missing: dict[str, OpenOrder] = {}
        """Gone at the last look: told at the next, since the fill that took them may be shown a moment later."""
        self._ours: OrderedDict[str, None] = OrderedDict()
        self._foreign: OrderedDict[str, None] = OrderedDict()
        self._orphan_ms = -1

    def doing(self, order_id: str) -> None:
        """We are about to change or withdraw this order, or have just placed it: the next look is no surprise."""
        _note(self._ours, order_id)

    def at_work_on(self, order_id: str) -> bool:
        """Whether we have changed this order since the last look."""
        return order_id in self._ours

    def placed(self, order: OpenOrder) -> None:
        """The venue took an order of ours."""
        self._shown[order.order_id] = order

    def looked(
        self, orders: Sequence[OpenOrder], position: VenuePosition | None, *, owned: bool, version: int, quiet: bool
    ) -> list[Finding]:
        """What is new since the last look.

        Parameters
        ----------
        owned : a fill of ours opened the position. version : counts fills. quiet : what the last fill caused at the
            venue, such as the stop that it brought, has been shown by now.
        """
        now = {o.order_id: o for o in orders}
        found = [*self._strangers(orders), *self._orphan(position, owned=owned)]
        missing: dict[str, OpenOrder] = {}
        if quiet and version == self._version:
            found += self._stops(now) if position is not None else []
            missing = self._gone(now)
            found += [_lost(o) for o in self._missing.values()]
        self._shown, self._version, self._missing = now, version, missing
        self._ours.clear()
        return found

    def _strangers(self, orders: Sequence[OpenOrder]) -> list[Finding]:
        found = []
        for o in orders:
            if o.kind is OrderKind.STOP_LOSS or decode(o.client_id) is not None or o.order_id in self._foreign:
                continue
            _note(self._foreign, o.order_id)
            price = o.price if o.price is not None else o.trigger
            at = "" if price is None else f" at {price:g}"
            detail = f"a {o.kind} order to {o.side} {o.quantity:g}{at} is not ours: left alone"
            found.append(Finding("foreign_order", Severity.INFO, detail))
        return found

    def _orphan(self, position: VenuePosition | None, *, owned: bool) -> list[Finding]:
        if position is None or owned:
            self._orphan_ms = -1
            return []
        if self._orphan_ms == position.opened_ms:
            return []
        self._orphan_ms = position.opened_ms
        side = "long" if position.direction > 0 else "short"
        detail = f"{side} {position.quantity:g} at {position.average:g} is not ours: protected, no entries until flat"
        return [Finding("foreign_position", Severity.WARNING, detail)]

    def _stops(self, now: dict[str, OpenOrder]) -> list[Finding]:
        before = {k: o for k, o in self._shown.items() if o.kind is OrderKind.STOP_LOSS}
        found = []
        for key, o in now.items():
            if o.kind is not OrderKind.STOP_LOSS or not before or key in self._ours:
                continue
            was = before.get(key)
            if was is None and not self._touched(before):
                found.append(Finding("stop_doubled", Severity.WARNING, f"a second stop at {o.trigger:g} is not ours"))
            elif was is not None and was.trigger != o.trigger:
                detail = f"the stop was moved from {was.trigger:g} to {o.trigger:g}, not by us"
                found.append(Finding("stop_moved", Severity.WARNING, detail))
        return found

    def _touched(self, orders: dict[str, OpenOrder]) -> bool:
        return any(key in self._ours for key in orders)

    def _gone(self, now: dict[str, OpenOrder]) -> dict[str, OpenOrder]:
        """Entries and take profits of ours that were there, and that we have not touched."""
        return {
            key: o for key, o in self._shown.items()
            if key not in now and key not in self._ours
            and (parsed := decode(o.client_id)) is not None and parsed.role in (FillRole.ENTRY, FillRole.TARGET)
        }


def _lost(order: OpenOrder) -> Finding:
    parsed = decode(order.client_id)
    what = f"entry {parsed.level}" if parsed is not None and parsed.role is FillRole.ENTRY else "take profit"
    detail = f"our {what} at {order.price:g} is gone without a fill, not by us; placed again while it is wanted"
    return Finding("order_gone", Severity.WARNING, detail)


def _note(remembered: OrderedDict[str, None], key: str) -> None:
    remembered[key] = None
    while len(remembered) > _REMEMBERED:
        remembered.popitem(last=False)
