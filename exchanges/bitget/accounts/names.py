"""Which client id an order bears, for venues whose fills name the order alone. Pure state, no I/O."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from core.order import Execution, OpenOrder

_REMEMBERED: Final = 5_000


class Names:
    """Of the orders that were seen or asked about; the oldest are forgotten."""

    def __init__(self) -> None:
        self._by_order: OrderedDict[str, str] = OrderedDict()

    def seen(self, orders: Iterable[OpenOrder]) -> None:
        """Orders with their client ids."""
        for order in orders:
            self.note(order.order_id, order.client_id)

    def note(self, order_id: str, client_id: str) -> None:
        """An order bears this client id, '' none at all."""
        self._by_order[order_id] = client_id
        while len(self._by_order) > _REMEMBERED:
            self._by_order.popitem(last=False)

    def lacking(self, executions: Iterable[Execution]) -> list[str]:
        """Orders among these fills whose client id nobody has told yet, each once."""
        return list(dict.fromkeys(
            e.order_id for e in executions if not e.client_id and e.order_id not in self._by_order
        ))

    def of(self, execution: Execution) -> Execution:
        """The fill with its order's client id, where that is known."""
        client_id = execution.client_id or self._by_order.get(execution.order_id, "")
        return execution._replace(client_id=client_id)
