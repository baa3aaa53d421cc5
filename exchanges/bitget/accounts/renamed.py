"""Orders amended in place keep their client id on the unified account; we speak of them by the id of the amendment.

The names live as long as the process. After a restart an order shows the id that it was first sent with, which is ours
as well and says the same about strategy, cycle, role and level.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Final, NamedTuple

from core.instrument import Instrument
from core.order import Execution, OpenOrder
from exchanges.bitget.dialect.words import same_price

_REMEMBERED: Final = 2_000


class Amended(NamedTuple):
    """What an amendment asked for."""

    order_id: str
    client_id: str
    price: float | None
    quantity: float

    def shown_by(self, order: OpenOrder, rules: Instrument) -> bool:
        """Whether the order is as the amendment wanted it: then it worked, even if no answer came."""
        enough = max(rules.step / 2, 1e-12)
        return same_price(order.price, self.price, rules.tick) and math.isclose(
            order.quantity, self.quantity, rel_tol=1e-9, abs_tol=enough
        )


class Renamed:
    """Amendments by order id and by the client id that they were made under; the newest of each order counts."""

    def __init__(self) -> None:
        self._by_order: OrderedDict[str, Amended] = OrderedDict()
        self._by_client: OrderedDict[str, Amended] = OrderedDict()
        self._confirmed: OrderedDict[str, str] = OrderedDict()

    def trying(self, amended: Amended) -> None:
        """An amendment is about to be sent."""
        self._by_client[amended.client_id] = amended
        self._by_order[amended.order_id] = amended
        for remembered in (self._by_client, self._by_order, self._confirmed):
            while len(remembered) > _REMEMBERED:
                remembered.popitem(last=False)

    def worked(self, amended: Amended) -> None:
        """The venue took it: the order now goes by this name."""
        self._confirmed[amended.order_id] = amended.client_id

    def forget(self, amended: Amended) -> None:
        """The venue refused it: the order keeps the name it had."""
        self._by_client.pop(amended.client_id, None)
        self._by_order.pop(amended.order_id, None)

    def wanted(self, client_id: str) -> Amended | None:
        """The amendment made under this client id; None when the id was sent with an order."""
        return self._by_client.get(client_id)

    def as_ours(self, order: OpenOrder) -> OpenOrder:
        """The order under the name of its newest amendment that worked, or that it shows to have worked."""
        tried = self._by_order.get(order.order_id)
        if (
            tried is not None
            and order.price is not None
            and math.isclose(order.price, tried.price or 0.0, rel_tol=1e-12)
            and math.isclose(order.quantity, tried.quantity, rel_tol=1e-9)
        ):
            self._confirmed[order.order_id] = tried.client_id
        name = self._confirmed.get(order.order_id)
        return order if name is None else order._replace(client_id=name)

    def fill_as_ours(self, execution: Execution) -> Execution:
        """The fill under the name of its order."""
        name = self._confirmed.get(execution.order_id)
        return execution if name is None else execution._replace(client_id=name)
