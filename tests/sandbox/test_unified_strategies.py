"""Strategy orders of the unified account: stops, targets and both in one, through their whole life."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.builders import MINUTE, START_MS, UNIFIED, Running, running_unified, stored
from tests.sandbox.test_unified_rest_through_ccxt import BTC, CATEGORY, CROSSED, code_of, strategies

FALLS = (100_000.0, 100_500.0, 94_000.0, 94_500.0)
RISES = (100_000.0, 106_000.0, 99_500.0, 105_500.0)
BOTH = {
    **BTC, "type": "tpsl", "tpslMode": "partial", "posSide": "long", "qty": "0.01", "stopLoss": "95000",
    "slTriggerBy": "mark", "slOrderType": "market", "takeProfit": "105000", "tpTriggerBy": "mark",
    "tpOrderType": "market", "clientOid": "both",
}
FULL = {"reduceOnly": True, "tpslMode": "full"}
PARTIAL = {"reduceOnly": True, "tpslMode": "partial"}


def market(*rows: tuple[float, float, float, float]) -> Any:
    return running_unified(stored(rows))


async def opened(exchange: Running, side: str = "buy", **params: Any) -> Any:
    """The client, with a position of 0.02."""
    await exchange.client.load_markets()
    await exchange.client.create_order(UNIFIED, "market", side, 0.02, None, {**CROSSED, **params})
    return exchange.client


async def history(exchange: Running) -> list[dict[str, Any]]:
    page = (await exchange.client.privateUtaGetV3TradeHistoryStrategyOrders(CATEGORY))["data"]
    return page["list"] or []


async def test_a_full_stop_follows_the_position_and_placing_another_moves_it() -> None:
    async with market(FALLS) as exchange:
        client = await opened(exchange)
        first = await client.create_order(UNIFIED, "market", "sell", 0.02, None, {**FULL, "stopLossPrice": 95_000})
        await client.create_order(UNIFIED, "market", "buy", 0.01, None, CROSSED)
        (row,) = await strategies(exchange)
        assert (row["stopLoss"], row["qty"], row["posSide"]) == ("95000", "0.03", "long")
        second = await client.create_order(UNIFIED, "market", "sell", 0.03, None, {**FULL, "stopLossPrice": 96_000})
        (row,) = await strategies(exchange)
        assert (first["id"], row["stopLoss"]) == (second["id"], "96000")
        later = {**CROSSED, "stopLoss": {"triggerPrice": 94_500}}
        await client.create_order(UNIFIED, "market", "buy", 0.01, None, later)
        (row,) = await strategies(exchange)
        assert (row["orderId"], row["stopLoss"], row["qty"]) == (first["id"], "94500", "0.04")


async def test_a_stop_that_triggers_leaves_the_open_list_and_becomes_an_order_that_fills() -> None:
    async with market(FALLS) as exchange:
        client = await opened(exchange, stopLoss={"triggerPrice": 95_000}, slTriggerBy="mark")
        (stop,) = await strategies(exchange)
        assert await history(exchange) == []
        await exchange.sandbox.advance(1)
        assert await strategies(exchange) == []
        (ended,) = await history(exchange)
        assert (ended["orderId"], "status" in ended) == (stop["orderId"], False)
        made = (await client.privateUtaGetV3TradeStrategySubOrders({"orderId": stop["orderId"]}))["data"]
        assert [(row["orderStatus"], row["reduceOnly"], row["side"]) for row in made] == [("filled", "YES", "sell")]
        (fill, _) = (await client.privateUtaGetV3TradeFills(CATEGORY))["data"]["list"]
        assert (fill["orderId"], fill["tradeSide"]) == (made[0]["orderId"], "close")
        assert float(fill["execPrice"]) == pytest.approx(95_000 * (1 - 0.0005))
        assert await client.fetch_positions() == []


async def test_a_target_that_executes_as_a_limit_rests_as_an_order() -> None:
    async with market(RISES) as exchange:
        client = await opened(exchange)
        await client.create_order(UNIFIED, "limit", "sell", 0.01, 105_800, {**PARTIAL, "takeProfitPrice": 105_000})
        await exchange.sandbox.advance(1)
        assert [row["orderId"] for row in await history(exchange)] != []
        fills = (await client.privateUtaGetV3TradeFills(CATEGORY))["data"]["list"]
        assert (fills[0]["execPrice"], fills[0]["tradeScope"]) == ("105800", "maker")
        assert (await client.fetch_position(UNIFIED))["contracts"] == 0.01


@pytest.mark.parametrize(("rows", "kept"), [(FALLS, "stop"), (RISES, "target")])
async def test_of_two_ends_in_one_order_the_one_that_triggers_takes_the_other_with_it(rows: Any, kept: str) -> None:
    async with market(rows) as exchange:
        client = await opened(exchange)
        placed = (await client.privateUtaPostV3TradePlaceStrategyOrder(BOTH))["data"]
        (row,) = await strategies(exchange)
        assert (row["orderId"], row["clientOid"]) == (placed["orderId"], "both")
        assert (row["stopLoss"], row["takeProfit"], row["qty"]) == ("95000", "105000", "0.01")
        await exchange.sandbox.advance(1)
        assert await strategies(exchange) == []
        assert [row["orderId"] for row in await history(exchange)] == [placed["orderId"]]
        made = (await client.privateUtaGetV3TradeStrategySubOrders({"clientOid": "both"}))["data"]
        price = {"stop": 95_000, "target": 105_000}[kept] * (1 - 0.0005)
        assert [float(row["avgPrice"]) for row in made] == [pytest.approx(price)]
        assert (await client.fetch_position(UNIFIED))["contracts"] == 0.01


async def test_both_ends_are_moved_and_cancelled_as_one() -> None:
    async with market(FALLS) as exchange:
        client = await opened(exchange)
        await client.privateUtaPostV3TradePlaceStrategyOrder(BOTH)
        moved = {"clientOid": "both", "stopLoss": "95500", "takeProfit": "104000", "qty": "0.02"}
        await client.privateUtaPostV3TradeModifyStrategyOrder(moved)
        (row,) = await strategies(exchange)
        assert (row["stopLoss"], row["takeProfit"], row["qty"]) == ("95500", "104000", "0.02")
        wrong = {"clientOid": "both", "stopLoss": "96000", "takeProfit": "99000"}
        assert await code_of(client.privateUtaPostV3TradeModifyStrategyOrder(wrong)) == "40917"
        assert await strategies(exchange) == [row]
        answer = await client.privateUtaPostV3TradeCancelStrategyOrder({"clientOid": "both"})
        assert (answer["code"], answer["data"]) == ("00000", None)
        assert await strategies(exchange) == []
        assert await code_of(client.privateUtaPostV3TradeCancelStrategyOrder({"clientOid": "both"})) == "25204"
        assert (await client.fetch_position(UNIFIED))["contracts"] == 0.02


async def test_a_stop_is_moved_through_the_client_and_keeps_its_name() -> None:
    async with market(FALLS) as exchange:
        client = await opened(exchange, "sell")
        params = {**FULL, "stopLossPrice": 106_000, "clientOid": "guard"}
        placed = await client.create_order(UNIFIED, "market", "buy", 0.02, None, params)
        await client.edit_order(placed["id"], UNIFIED, "market", "buy", 0.02, None, {"stopLossPrice": 105_000})
        (row,) = await strategies(exchange)
        assert (row["clientOid"], row["stopLoss"], row["posSide"], row["slOrderType"]) == (
            "guard", "105000", "short", "market"
        )
        assert row["updatedTime"] == str(START_MS)


async def test_partial_stops_stand_beside_the_full_one_and_end_with_the_position() -> None:
    async with market(FALLS) as exchange:
        client = await opened(exchange, stopLoss={"triggerPrice": 95_000})
        for price in (97_000, 96_000):
            await client.create_order(UNIFIED, "market", "sell", 0.005, None, {**PARTIAL, "stopLossPrice": price})
        assert [row["stopLoss"] for row in await strategies(exchange)] == ["96000", "97000", "95000"]
        await client.close_position(UNIFIED)
        assert await strategies(exchange) == []
        assert len(await history(exchange)) == 3


STOP = {**BTC, "posSide": "long", "qty": "0.02", "stopLoss": "95000", "slOrderType": "market"}
REFUSED = [
    ("no side of a position", {k: v for k, v in STOP.items() if k != "posSide"}, "400172"),
    ("the other side", {**STOP, "posSide": "short"}, "25227"),
    ("no price at all", {k: v for k, v in STOP.items() if k != "stopLoss"}, "400172"),
    ("a limit without price", {**STOP, "slOrderType": "limit"}, "40019"),
    ("off the tick", {**STOP, "stopLoss": "95000.05"}, "400172"),
    ("above the price", {**STOP, "stopLoss": "101000"}, "40917"),
    ("another mode", {**STOP, "tpslMode": "half"}, "400172"),
    ("another type", {**STOP, "type": "trailing"}, "400172"),
    ("another trigger", {**STOP, "slTriggerBy": "index"}, "400172"),
    ("a part without quantity", {**{k: v for k, v in STOP.items() if k != "qty"}, "tpslMode": "partial"}, "40019"),
    ("a part off the step", {**STOP, "tpslMode": "partial", "qty": "0.0105"}, "400172"),
    ("a target below", {**STOP, "takeProfit": "99000", "tpOrderType": "market"}, "40917"),
    ("no such symbol", {**STOP, "symbol": "NOPEUSDT"}, "40034"),
    ("no category", {k: v for k, v in STOP.items() if k != "category"}, "400172"),
]


@pytest.mark.parametrize(("why", "body", "code"), REFUSED, ids=[why for why, _, _ in REFUSED])
async def test_a_strategy_order_that_may_not_be_is_refused_and_none_of_it_stays(
    why: str, body: dict[str, Any], code: str
) -> None:
    async with market(FALLS) as exchange:
        client = await opened(exchange)
        assert await code_of(client.privateUtaPostV3TradePlaceStrategyOrder(body)) == code
        assert await strategies(exchange) == []


async def test_a_move_that_may_not_be_leaves_the_stop_where_it_was() -> None:
    async with market(FALLS) as exchange:
        client = await opened(exchange, stopLoss={"triggerPrice": 95_000})
        (row,) = await strategies(exchange)
        mine = {"orderId": row["orderId"]}
        for change, code in (
            ({"stopLoss": "100500"}, "40917"), ({"takeProfit": "105000"}, "400172"), ({"qty": "0.01"}, "400172"),
            ({"stopLoss": "95000.05"}, "400172"),
        ):
            assert await code_of(client.privateUtaPostV3TradeModifyStrategyOrder({**mine, **change})) == code
        unknown = {"orderId": "17", "stopLoss": "96000"}
        assert await code_of(client.privateUtaPostV3TradeModifyStrategyOrder(unknown)) == "25204"
        assert await strategies(exchange) == [row]


async def test_in_hedge_mode_each_side_has_its_own_stop() -> None:
    async with market(FALLS, (94_500.0, 94_600.0, 94_400.0, 94_500.0)) as exchange:
        client = exchange.client
        await client.load_markets()
        await client.set_position_mode(True)
        hedged = {**CROSSED, "hedged": True}
        for side, stop in (("buy", 95_000), ("sell", 106_000)):
            whose = "long" if side == "buy" else "short"
            params = {**CROSSED, "posSide": whose, "stopLoss": {"triggerPrice": stop}}
            await client.create_order(UNIFIED, "market", side, 0.02, None, params)
        positions = await client.fetch_positions()
        assert sorted((p["side"], p["hedged"], p["contracts"]) for p in positions) == [
            ("long", True, 0.02), ("short", True, 0.02)
        ]
        assert sorted((row["posSide"], row["stopLoss"]) for row in await strategies(exchange)) == [
            ("long", "95000"), ("short", "106000")
        ]
        assert await code_of(client.set_position_mode(False)) == "40920"
        await exchange.sandbox.advance(1)
        (left,) = await client.fetch_positions()
        assert (left["side"], left["info"]["holdMode"]) == ("short", "hedge_mode")
        assert [row["posSide"] for row in await strategies(exchange)] == ["short"]
        closing = {**hedged, "posSide": "short", "clientOid": "close"}
        await client.create_order(UNIFIED, "market", "buy", 0.02, None, closing)
        assert await client.fetch_positions() == []
        order = (await client.fetch_order("", UNIFIED, {"clientOid": "close"}))["info"]
        assert (order["posSide"], order["side"], order["updatedTime"]) == ("short", "buy", str(START_MS + MINUTE))


async def test_in_hedge_mode_an_order_names_the_position_that_it_means() -> None:
    async with market(FALLS) as exchange:
        client = exchange.client
        await client.load_markets()
        await client.set_position_mode(True)
        plain = {**BTC, "qty": "0.01", "side": "buy", "orderType": "market"}
        assert await code_of(client.privateUtaPostV3TradePlaceOrder(plain)) == "400172"
        assert await code_of(client.privateUtaPostV3TradePlaceOrder({**plain, "posSide": "short"})) == "25227"


async def test_a_restarted_exchange_still_knows_both_ends_of_an_order(tmp_path: Path) -> None:
    calm = (100_000.0, 100_000.0, 100_000.0, 100_000.0)
    async with running_unified(stored([calm, FALLS]), state_file=tmp_path / "state.db") as exchange:
        client = await opened(exchange)
        await client.privateUtaPostV3TradePlaceStrategyOrder(BOTH)
        await client.privateUtaPostV3TradeModifyStrategyOrder({"clientOid": "both", "stopLoss": "95500"})
        await exchange.sandbox.advance(1)
        before, settings = await strategies(exchange), await client.privateUtaGetV3AccountSettings()
    async with running_unified(stored([calm, FALLS]), state_file=tmp_path / "state.db") as exchange:
        assert await strategies(exchange) == before
        assert (await exchange.client.privateUtaGetV3AccountSettings())["data"] == settings["data"]
        await exchange.sandbox.advance(1)
        assert await strategies(exchange) == []
        stopped = (await exchange.client.fetch_my_trades(UNIFIED))[-1]
        assert (stopped["side"], stopped["price"]) == ("sell", pytest.approx(95_500 * 0.9995))
        assert [position["contracts"] for position in await exchange.client.fetch_positions()] == [0.01]
