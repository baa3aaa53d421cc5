"""What the exchange shows for one symbol, as far as we know: orders, position, fills. Pure state, no I/O.

Laws
- A fill is counted once, by its trade id, whether the stream or REST brought it.
- An order that has filled or was cancelled does not come back, whatever arrives late; of a stop REST's word counts.
- The stream moves the mirror at once but never decides: whatever it shows that we did not expect asks for a look over
  REST (``doubt``), and nothing is sent while there is doubt.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from core.instrument import Instrument
from core.messages import FillRole
from core.order import Execution, OpenOrder, OrderKind, OrderStatus, Side
from core.position import VenuePosition
from engine.client_ids import decode

_REMEMBERED: Final = 2_000
_STOP_SLACK: Final = 0.01
"""A closing fill within this fraction of the stop, or worse than it, is the stop's."""


class Part(NamedTuple):
    """Which part of whose target a fill belongs to; strategy '' when nobody's."""

    strategy: str
    cycle: int
    level: int
    role: FillRole
    direction: int


class Owner(NamedTuple):
    """Whose position is open."""

    strategy: str
    cycle: int


class Mirror:
    """One symbol.

    Parameters
    ----------
    strategies : tag of a client id -> strategy.

    ``orders`` live orders by order id; ``position`` None when flat; ``doubt`` asks for a look; ``version`` counts
    fills; ``fill_ms`` time of the last one.
    """

    def __init__(self, symbol: str, instrument: Instrument, strategies: Mapping[str, str]) -> None:
        self.symbol, self.instrument = symbol, instrument
        self.orders: dict[str, OpenOrder] = {}
        self.position: VenuePosition | None = None
        self.owner = Owner("", 0)
        self.doubt = True
        self.version = 0
        self.fill_ms = 0
        self.last_stop: float | None = None
        self._strategies = strategies
        self._trades: OrderedDict[str, None] = OrderedDict()
        self._ended: OrderedDict[str, OrderStatus] = OrderedDict()
        self._names: OrderedDict[str, str] = OrderedDict()
        self._presets: OrderedDict[str, float] = OrderedDict()
        self._filled: dict[tuple[str, int], dict[int, float]] = defaultdict(dict)
        self._net = 0.0
        """What fills of the owner leave open, as far as they are known."""
        self._left: tuple[VenuePosition, Owner] | None = None
        """A position that a look no longer showed: the fill that closed it may come a moment later."""

    def filled(self, strategy: str, cycle: int) -> Mapping[int, float]:
        """Base quantity filled by entries of one cycle, by level."""
        return self._filled.get((strategy, cycle), {})

    def named(self, order_id: str, client_id: str, stop: float | None = None) -> None:
        """An order bears this client id, since fills of some venues name only the order, and carries this stop."""
        if client_id:
            self._names[order_id] = client_id
            _bound(self._names)
            if stop is not None:
                self._presets[client_id] = stop
                _bound(self._presets)

    def name_of(self, execution: Execution) -> str:
        """Client id of the order that filled, '' when it is not known."""
        return execution.client_id or self._names.get(execution.order_id, "")

    def knows(self, trade_id: str) -> bool:
        """Whether this fill was counted."""
        return trade_id in self._trades

    def remember(self, trade_id: str, strategy: str, cycle: int, level: int, role: FillRole, quantity: float) -> None:
        """Count a fill that was recorded before this process began."""
        self._trades[trade_id] = None
        if role is FillRole.ENTRY:
            levels = self._filled[strategy, cycle]
            levels[level] = levels.get(level, 0.0) + quantity
            self._net = quantity + (self._net if self.owner == (strategy, cycle) else 0.0)
            self.owner = Owner(strategy, cycle)
        elif strategy:
            self._net -= quantity
            if self._net <= max(self.instrument.step / 2, 1e-12):
                self.owner, self._net = Owner("", 0), 0.0

    def recall(self, direction: int, price: float, stop: float | None, liquidation: float | None) -> None:
        """What remembered fills left open, and what protected it: a fill that closed it meanwhile must find it."""
        if not self.owner.strategy:
            return
        self.position = VenuePosition(
            self.symbol, direction, self._net, price, 1.0, "", 0.0, price, liquidation, 0.0, self.fill_ms
        )
        self.last_stop = stop

    def preset_of(self, client_id: str) -> float | None:
        """The stop that an order carried, as far as it was seen."""
        return self._presets.get(client_id)

    def executed(self, execution: Execution) -> Part | None:
        """Count a fill and move the position; whose it is, or None when it was counted before."""
        if self.knows(execution.trade_id):
            return None
        part = self._attribute(execution)
        self.remember(execution.trade_id, part.strategy, part.cycle, part.level, part.role, execution.quantity)
        if part.role is FillRole.ENTRY:  # a later preset overwrites the position's stop
            self.last_stop = self.preset_of(self.name_of(execution)) or self.last_stop
        _bound(self._trades)
        self.version += 1
        self.fill_ms = max(self.fill_ms, execution.ts_ms)
        self.doubt = True
        self._move(execution)
        return part

    def order_seen(self, order: OpenOrder) -> bool:
        """Take note of an order as the stream shows it; whether that needs attention."""
        self.named(order.order_id, order.client_id, order.stop)
        known = self.orders.get(order.order_id)
        if order.status.live and order.order_id in self._ended:
            return False
        if order.kind is OrderKind.STOP_LOSS and order.status.live:
            self.last_stop = order.trigger
            self.orders[order.order_id] = order
            return known is None or known.trigger != order.trigger
        if not order.status.live:
            self._ended[order.order_id] = order.status
            _bound(self._ended)
            if known is None:
                return False
            del self.orders[order.order_id]
            self.doubt = True
            return True
        if known is not None and order.filled > known.filled:
            self.orders[order.order_id] = known._replace(filled=order.filled)
            self.doubt = True
            return True
        if known is None and decode(order.client_id) is None:
            self.doubt = True  # somebody else's
            return True
        return False

    def placed(self, order: OpenOrder) -> None:
        """An order of ours was accepted (unless the stream has already shown its end)."""
        self.named(order.order_id, order.client_id)
        if order.order_id in self._ended:
            self.doubt = True
        else:
            self.orders[order.order_id] = order

    def gone(self, order: OpenOrder) -> None:
        """An order is no longer there."""
        self.orders.pop(order.order_id, None)

    def looked(self, orders: Sequence[OpenOrder], position: VenuePosition | None) -> None:
        """Replace everything by what REST shows; ends the doubt."""
        self.orders = {o.order_id: o for o in orders if not self._over(o)}
        for order in orders:
            self.named(order.order_id, order.client_id, order.stop)
        if position is None and self.position is not None:
            self._left = (self.position, self.owner)
        elif position is not None:
            self._left = None
        self.position = position
        self.doubt = False
        stops = self.stops()
        if stops:
            self.last_stop = stops[0].trigger
        if position is None:
            self.owner, self._net = Owner("", 0), 0.0

    def stops(self) -> list[OpenOrder]:
        """Live position-level stops on the losing side of the position."""
        if self.position is None:
            return []
        side = Side.opening(-self.position.direction)
        return [o for o in self.orders.values() if o.kind is OrderKind.STOP_LOSS and o.side is side]

    def take_profit(self) -> float | None:
        """Price of our resting take profit."""
        for order in self.orders.values():
            parsed = decode(order.client_id)
            if parsed is not None and parsed.role is FillRole.TARGET:
                return order.price
        return None

    def forget_cycles_before(self, strategy: str, cycle: int) -> None:
        """Drop fills of cycles that are over."""
        for key in [k for k in self._filled if k[0] == strategy and k[1] < cycle - 1]:
            del self._filled[key]

    def _attribute(self, e: Execution) -> Part:
        parsed = decode(self.name_of(e))
        if parsed is not None and parsed.tag in self._strategies:
            direction = e.side.sign if parsed.role is FillRole.ENTRY else -e.side.sign
            return Part(self._strategies[parsed.tag], parsed.cycle, parsed.level, parsed.role, direction)
        position, owner = self.position, self.owner
        if position is None and self._left is not None:
            position, owner = self._left
        if position is None or e.side is Side.opening(position.direction):
            return Part("", 0, -1, FillRole.FOREIGN, e.side.sign)
        return Part(*owner, -1, self._closing_role(e, position), position.direction)

    def _over(self, order: OpenOrder) -> bool:
        """Whether a reading is older than the order's end, of which the stream told."""
        ended = self._ended.get(order.order_id)
        return order.kind is not OrderKind.STOP_LOSS and ended in (OrderStatus.FILLED, OrderStatus.CANCELLED)

    def _closing_role(self, e: Execution, position: VenuePosition) -> FillRole:
        """A fill that closes and bears no id of ours: the stop's, the venue's liquidation, or somebody's."""
        d, stop, liquidation = position.direction, self.last_stop, position.liquidation
        if stop is not None and d * (e.price - stop) <= _STOP_SLACK * stop:
            return FillRole.STOP
        if liquidation is not None and d * (e.price - liquidation) <= _STOP_SLACK * liquidation:
            return FillRole.LIQUIDATION
        return FillRole.FOREIGN

    def _move(self, e: Execution) -> None:
        before = self.position
        held = before.direction * before.quantity if before else 0.0
        after = held + e.side.sign * e.quantity
        if abs(after) <= max(self.instrument.step / 2, 1e-12):
            self.position = None
        elif before is None or held * after < 0:
            self.position = VenuePosition(
                self.symbol, 1 if after > 0 else -1, abs(after), e.price, 1.0, "", 0.0, e.price, None, 0.0, e.ts_ms
            )
        else:
            grown = abs(after) > abs(held)
            cost = before.average * before.quantity + e.price * e.quantity if grown else 0.0
            average = cost / abs(after) if grown else before.average
            self.position = before._replace(quantity=abs(after), average=average, mark=e.price)


def _bound(remembered: OrderedDict[str, Any]) -> None:
    while len(remembered) > _REMEMBERED:
        remembered.popitem(last=False)
