"""One exchange, two protocols: the same orders in the words of each end in the same fills, positions and money."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.instrument import Instrument, Tier
from sandbox.account import HEDGE, ONE_WAY, UNIFIED, Account
from sandbox.orders import Status, TriggerStatus
from sandbox.parameters import Parameters
from sandbox.refusal import Refusal
from sandbox.rest_modes import ModeEndpoints
from sandbox.rest_trading import TradingEndpoints
from sandbox.state import State
from sandbox.unified.asking import Asked, in_words_of_v3
from sandbox.unified.strategies import StrategyEndpoints
from sandbox.unified.trading import UnifiedTradingEndpoints
from tests.sandbox.builders import START_MS, SYMBOL, walk

NAMES = {"BTCUSDT": SYMBOL}
RULES = Instrument(
    symbol=SYMBOL, tick=0.5, step=0.1, min_quantity=0.1, min_notional=5.0, tiers=(Tier(1e18, 0.005, 0.0),)
)
Answer = str
"""What a request came to: "" when it was done, else Bitget's code in v3's words."""


class Both:
    """A classic and a unified account on one market, told the same."""

    def __init__(self, mode: str = ONE_WAY) -> None:
        self.classic = Account("classic", "", "", 2_000.0)
        self.unified = Account("unified", "", "", 2_000.0, kind=UNIFIED)
        self.state = State([self.classic, self.unified], {SYMBOL: RULES}, 0.0005, START_MS)
        self.state.prices[SYMBOL] = 100.0
        self.classic.position_mode = self.unified.position_mode = mode
        self._v2, self._modes = TradingEndpoints(self.state), ModeEndpoints(self.state)
        self._v3, self._strategies = UnifiedTradingEndpoints(self.state), StrategyEndpoints(self.state)
        self._names = 0

    def order(self, side: str, quantity: str, price: str, reduce: bool, force: str, stop: str) -> tuple[Answer, Answer]:
        """In hedge mode a reducing order closes the other side's position."""
        self._names += 1
        common = {
            "symbol": "BTCUSDT", "orderType": "limit" if price else "market", "price": price,
            "clientOid": str(self._names), "marginMode": "crossed",
        }
        body = {**common, "size": quantity, "force": force, "presetStopLossPrice": stop}
        asked = {
            **common, "qty": quantity, "timeInForce": force, "stopLoss": stop, "category": "USDT-FUTURES", "side": side
        }
        if self.classic.hedged:
            long = (side == "buy") != reduce
            body |= {"side": "buy" if long else "sell", "tradeSide": "close" if reduce else "open"}
            asked |= {"posSide": "long" if long else "short"}
        else:
            body |= {"side": side, "reduceOnly": "YES" if reduce else "NO"}
            asked |= {"reduceOnly": "yes" if reduce else "no"}
        return self._both(
            lambda: self._v2.place_order(self.classic, Parameters(body, NAMES)), asked, self._v3.placed
        )

    def guard(self, loss: bool, full: bool, price: str, quantity: str) -> tuple[Answer, Answer]:
        """A stop or target for the position, as far as there is one."""
        position = next(iter(self.classic.held(SYMBOL)), None)
        long = position is None or position.direction > 0
        kind = {(True, True): "pos_loss", (True, False): "loss_plan", (False, True): "pos_profit"}
        body = {
            "symbol": "BTCUSDT", "planType": kind.get((loss, full), "profit_plan"), "triggerPrice": price,
            "size": quantity, "holdSide": "long" if long else "short",
        }
        asked = {
            "category": "USDT-FUTURES", "symbol": "BTCUSDT", "posSide": "long" if long else "short", "qty": quantity,
            "tpslMode": "full" if full else "partial", "stopLoss" if loss else "takeProfit": price,
        }
        return self._both(
            lambda: self._v2.place_stop_or_target(self.classic, Parameters(body, NAMES)), asked, self._strategies.place
        )

    def edit(self, name: int, quantity: str, price: str) -> tuple[Answer, Answer]:
        """Of an order that may be edited in both."""
        order = self.classic.every_order.get(self.classic.order_of_client.get(str(name), 0))
        if order is None or order.reduce_only:
            return "", ""
        body = {"symbol": "BTCUSDT", "clientOid": str(name), "newSize": quantity, "newPrice": price}
        return self._both(
            lambda: self._v2.modify_order(self.classic, Parameters(body, NAMES)),
            {"clientOid": str(name), "qty": quantity, "price": price}, self._v3.modified,
        )

    def cancel(self, name: int) -> tuple[Answer, Answer]:
        body = {"symbol": "BTCUSDT", "clientOid": str(name)}
        return self._both(
            lambda: self._v2.cancel_order(self.classic, Parameters(body, NAMES)), body, self._v3.cancelled
        )

    def leverage(self, value: str) -> tuple[Answer, Answer]:
        body = {"symbol": "BTCUSDT", "leverage": value}
        return self._both(
            lambda: self._modes.set_leverage(self.classic, Parameters(body, NAMES)),
            {**body, "category": "USDT-FUTURES", "coin": "USDT"}, self._v3.set_leverage,
        )

    def close(self) -> tuple[Answer, Answer]:
        body = {"symbol": "BTCUSDT"}
        return self._both(
            lambda: self._v2.close_positions(self.classic, Parameters(body, NAMES)),
            {**body, "category": "USDT-FUTURES"}, self._v3.close,
        )

    def candle(self, high: float, low: float, close: float) -> tuple[Answer, Answer]:
        """A minute from where the price stands."""
        open_ = self.state.prices[SYMBOL]
        walk(self.state, open_, max(open_, close) + high, max(min(open_, close) - low, 1.0), close)
        self.state.now_ms += 1
        return "", ""

    def _both(self, classic: Any, asked: dict[str, Any], unified: Any) -> tuple[Answer, Answer]:
        return _answer(classic), _answer(lambda: unified(self.unified, Asked(asked, NAMES)))


def _answer(act: Any) -> Answer:
    try:
        act()
    except Refusal as refusal:
        return in_words_of_v3(refusal).code
    return ""


def books(account: Account) -> Any:
    """Everything that must be the same: all but ids, and times, as no two things are met in one millisecond."""
    return (
        account.wallet, account.cash, account.leverage,
        [(slot, p.direction, p.quantity, p.cost, p.margin, p.margin_mode) for slot, p in account.positions.items()],
        [(f.side, f.price, f.quantity, f.fee, f.profit, f.maker) for f in account.fills],
        [(c.average_open, c.average_close, c.quantity, c.net) for c in account.closed],
        [(o.side, o.quantity, o.limit, o.filled, o.status, o.reason) for o in account.every_order.values()],
        [(t.plan, t.trigger, t.quantity, t.status) for t in account.every_trigger.values()],
    )


SIDE, FLAG = st.sampled_from(["buy", "sell"]), st.booleans()
QUANTITY = st.sampled_from(["0.1", "0.5", "2", "8", "40", "0.15"])
PRICE = st.integers(180, 220).map(lambda half: f"{half / 2:g}")
WAY = st.sampled_from([0.0, 0.5, 3.0, 9.0])
ENTRY = st.tuples(
    st.just("order"), SIDE, st.sampled_from(["0.5", "2", "8"]), PRICE, st.just(False), st.just("gtc"), st.just("")
)
ORDER = st.tuples(
    st.just("order"), SIDE, QUANTITY, st.one_of(st.just(""), PRICE), FLAG,
    st.sampled_from(["gtc", "ioc", "fok", "post_only"]), st.one_of(st.just(""), PRICE),
)
GUARD = st.tuples(st.just("guard"), FLAG, FLAG, PRICE, QUANTITY)
CANDLE = st.tuples(st.just("candle"), WAY, WAY, st.sampled_from([92.0, 99.5, 100.0, 108.0]))
RARE = st.one_of(
    st.tuples(st.just("edit"), st.integers(1, 4), QUANTITY, PRICE),
    st.tuples(st.just("cancel"), st.integers(1, 4)),
    st.tuples(st.just("leverage"), st.sampled_from(["1", "5", "50", "200"])),
    st.tuples(st.just("close")),
)
PROGRAM = st.lists(
    st.sampled_from([ENTRY, ENTRY, ENTRY, ORDER, GUARD, GUARD, CANDLE, CANDLE, RARE]).flatmap(lambda step: step),
    min_size=6, max_size=16,
)


@settings(max_examples=120, deadline=None)
@given(PROGRAM, st.sampled_from([ONE_WAY, HEDGE]))
def test_the_same_orders_end_in_the_same_books(steps: list[Any], mode: str) -> None:
    both = Both(mode)
    for name, *values in [*steps, ("candle", 3.0, 3.0, 100.0)]:
        classic, unified = getattr(both, name)(*values)
        assert classic == unified, (name, values)
        assert books(both.classic) == books(both.unified), (name, values)
    assert both.state.journal.violations == []


def test_such_a_program_trades_at_all() -> None:
    """What the comparison above is about does happen: fills, stops that trigger, refusals."""
    both = Both()
    both.order("buy", "8", "", False, "gtc", "95")
    both.order("buy", "2", "99", False, "gtc", "")
    both.guard(False, False, "104", "1")
    assert both.guard(True, True, "120", "0") == ("40917", "40917")
    both.candle(0.0, 2.0, 99.5)
    both.candle(5.0, 0.0, 100.0)
    both.candle(0.0, 9.0, 100.0)
    assert len(both.unified.fills) == 4
    assert {t.status for t in both.unified.every_trigger.values()} == {TriggerStatus.EXECUTED}
    assert {o.status for o in both.unified.every_order.values()} == {Status.FILLED}
    assert books(both.classic) == books(both.unified)
