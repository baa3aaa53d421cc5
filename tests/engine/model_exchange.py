"""An exchange of a few lines, just enough to apply the commands of `reconcile` and look again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from core.order import OpenOrder, OrderKind, OrderStatus, Side
from core.position import VenuePosition
from engine.client_ids import encode
from engine.reconcile import Amend, AmendStop, Cancel, ClosePosition, Command, Place, PlaceStop


@dataclass(frozen=True)
class ModelExchange:
    symbol: str
    tag: str
    cycle: int
    orders: tuple[OpenOrder, ...] = ()
    position: VenuePosition | None = None
    sent: int = 0
    market_fills: dict[int, float] = field(default_factory=dict)

    def apply(self, command: Command) -> ModelExchange:
        match command:
            case Place():
                if command.price is None:
                    fills = {**self.market_fills, command.level: command.quantity}
                    return replace(self, market_fills=fills, sent=self.sent + 1)._filled(command)
                return self._with(self._order(command))
            case Amend():
                moved = command.order._replace(
                    price=command.price, quantity=command.quantity, stop=command.stop, client_id=self._id(command)
                )
                return replace(self._without(command.order), sent=self.sent + 1)._with(moved)
            case Cancel():
                return self._without(command.order)
            case PlaceStop():
                return self._with(OpenOrder(
                    f"s{self.sent}", "", self.symbol, Side.opening(-command.direction), OrderKind.STOP_LOSS,
                    OrderStatus.OPEN, 0.0, trigger=command.trigger, trigger_source="mark",
                ))
            case AmendStop():
                return self._without(command.order)._with(
                    command.order._replace(trigger=command.trigger, trigger_source="mark", price=None)
                )
            case ClosePosition():
                stops = tuple(o for o in self.orders if o.kind is not OrderKind.STOP_LOSS)
                return replace(self, position=None, orders=stops, sent=self.sent + 1)

    def _filled(self, entry: Place) -> ModelExchange:
        """With a larger position, or one that came with the entry's own stop."""
        held = self.position
        if held is not None:
            return replace(self, position=held._replace(quantity=held.quantity + entry.quantity))
        position = VenuePosition(
            self.symbol, entry.side.sign, entry.quantity, entry.stop or 100.0, 3, "isolated", 10, 90, None, 0, 1
        )
        return replace(self, position=position)._with(OpenOrder(
            f"s{self.sent}", "", self.symbol, Side.opening(-position.direction), OrderKind.STOP_LOSS,
            OrderStatus.OPEN, 0.0, trigger=entry.stop, trigger_source="mark",
        ))

    def _order(self, place: Place) -> OpenOrder:
        return OpenOrder(
            f"o{self.sent}", self._id(place), self.symbol, place.side, OrderKind.LIMIT, OrderStatus.OPEN,
            place.quantity, price=place.price, reduce_only=place.reduce_only, stop=place.stop,
        )

    def _id(self, command: Place | Amend) -> str:
        return encode(self.tag, self.cycle, command.role, command.level, 0, self.sent)

    def _with(self, order: OpenOrder) -> ModelExchange:
        return replace(self, orders=(*self.orders, order), sent=self.sent + 1)

    def _without(self, order: OpenOrder) -> ModelExchange:
        return replace(self, orders=tuple(o for o in self.orders if o.order_id != order.order_id))
