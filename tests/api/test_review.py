"""Trades with their sums, one trade with everything around it, files, equity over time: against what was told."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from core.candle import Candle
from core.messages import CandlesClosed, FillRole, PositionGuarded, PositionSettled
from core.monitor_messages import ArenaRanked, TradeCompared
from core.timeframe import DAY_MS, HOUR_MS
from engine.client_ids import encode, tag
from storage.journal import Intent
from tests import messages
from tests.api.rig import Rig
from tests.messages import T0

STRATEGY, SYMBOL = "envelope_dca", "BTC-USDT"
OWN = tag(STRATEGY, SYMBOL)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    made = Rig(tmp_path)
    yield made
    await made.close()


async def get(rig: Rig, path: str, status: int = 200) -> Any:
    answer = await rig.client.get(path)
    assert answer.status_code == status, answer.text
    return answer.json()


def compared(**changes: Any) -> TradeCompared:
    told = next(e for e in messages.ONE_OF_EACH if isinstance(e, TradeCompared))
    return replace(told, **changes)


def many() -> list[Any]:
    """Trades of two scopes, two symbols, both sides and several ends."""
    return [
        messages.trade(
            i, scope="live" if i % 3 else "paper", symbol="ETH-USDT" if i % 2 else SYMBOL, direction=1 if i % 4 else -1,
            reason="stop" if i % 5 == 0 else "target", net=10.0 - 3.0 * (i % 7), fees=1.0 + i / 10, funding=-0.1 * i,
        )
        for i in range(30)
    ]


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("scope=live", lambda t: t.scope == "live"),
        ("scope=paper", lambda t: t.scope == "paper"),
        ("scope=live&symbol=ETH-USDT", lambda t: t.scope == "live" and t.symbol == "ETH-USDT"),
        ("scope=live&direction=-1", lambda t: t.scope == "live" and t.direction == -1),
        ("scope=live&reason=stop", lambda t: t.scope == "live" and t.reason == "stop"),
        (f"scope=live&from_ms={T0 + 5000}&to_ms={T0 + 20000}",
         lambda t: t.scope == "live" and T0 + 5000 <= t.ts_ms < T0 + 20000),
    ],
)
async def test_sums_are_those_of_everything_that_a_filter_lists(rig: Rig, query: str, matches: Any) -> None:
    trades = many()
    rig.tell(*trades)
    wanted = [t for t in trades if matches(t)]
    listed, cursor, sums = [], "", None
    while True:
        page = await get(rig, f"/api/trades?{query}&limit=4{cursor}")
        listed += page["items"]
        sums = sums or page["sums"]
        if cursor:
            assert page["sums"] is None
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert [t["cycle"] for t in listed] == [t.cycle for t in reversed(wanted)]
    assert sums is not None
    for name in ("net", "fees", "funding", "gross"):
        assert math.isclose(sums[name], sum(t[name] for t in listed), abs_tol=1e-9), name
    won, lost = (sum(max(sign * t.net, 0.0) for t in wanted) for sign in (1, -1))
    assert (sums["trades"], sums["wins"]) == (len(wanted), sum(t.net > 0 for t in wanted))
    assert sums["profit_factor"] == (pytest.approx(won / lost) if lost else None)


async def test_scopes_are_never_added_up(rig: Rig) -> None:
    rig.tell(*many())
    assert (await get(rig, "/api/trades"))["sums"] is None
    facets = (await get(rig, "/api/trades?scope=live"))["facets"]
    assert facets == {"strategies": [STRATEGY], "symbols": [SYMBOL, "ETH-USDT"]}


@pytest.mark.parametrize("query", ["direction=2", "direction=long", "reason=luck", "format=csv"])
async def test_an_odd_filter_is_refused(rig: Rig, query: str) -> None:
    assert (await rig.client.get(f"/api/trades?{query}")).status_code == 422


async def test_one_trade_sums_from_paper_prices_to_net_and_knows_its_twin(rig: Rig) -> None:
    live = messages.trade(4, scope="live", average=84_020.0, exit_price=84_990.0, net=17.9, fees=1.4, funding=0.1)
    paper = messages.trade(3, scope="paper", net=18.9)
    entry_bps, exit_bps = (84_020 / 84_000 - 1) * 1e4, -(84_990 / 85_000 - 1) * 1e4
    told = compared(
        ts_ms=T0 + 9000, live_cycle=4, paper_cycle=3, entry_bps=entry_bps, exit_bps=exit_bps, net_bps=5.9, cause="fill",
    )
    rig.tell(live, paper, told)
    found = await get(rig, f"/api/trades/live.{STRATEGY}.{SYMBOL}.4")
    names = [step["name"] for step in found["steps"]]
    assert names == ["at_paper_prices", "slippage", "gross", "fees", "funding", "net"]
    amounts = {step["name"]: step["amount"] for step in found["steps"]}
    assert amounts["slippage"] == pytest.approx(-0.02 * (20 + 10))
    assert amounts["at_paper_prices"] + amounts["slippage"] == pytest.approx(amounts["gross"])
    assert amounts["gross"] + amounts["fees"] + amounts["funding"] == pytest.approx(17.9)
    assert found["steps"][-1]["after"] == pytest.approx(17.9)
    assert (found["twin"]["id"], found["comparison"]["cause"]) == (f"paper.{STRATEGY}.{SYMBOL}.3", "fill")
    assert (found["trade"]["against_bps"], found["trade"]["cause"]) == (5.9, "fill")
    back = await get(rig, f"/api/trades/{found['twin']['id']}")
    assert back["twin"]["id"] == found["trade"]["id"]
    assert [step["name"] for step in back["steps"]] == ["gross", "fees", "funding", "net"]
    assert (await get(rig, "/api/trades?scope=live"))["items"][0]["against_bps"] == 5.9


async def test_the_order_log_tells_decided_written_down_sent_acknowledged_filled_protected_closed(rig: Rig) -> None:
    opened = T0 + HOUR_MS
    entry = encode(OWN, 7, FillRole.ENTRY, 0, T0, 0)
    stop = encode(OWN, 7, FillRole.STOP, -1, T0, 0)
    other = encode(OWN, 8, FillRole.ENTRY, 0, T0, 0)
    trade = messages.trade(7, scope="live", ts_ms=opened + HOUR_MS, opened_ms=opened)
    rig.tell(
        messages.plan(T0, 1, cycle=7), messages.plan(opened + 1, 2, cycle=7, filled=1, quantity=0.01, stop=60_000.0),
        messages.plan(opened + 2, 3, cycle=8), trade,
        messages.fill(1, ts_ms=opened, cycle=7, client_id=entry),
        messages.fill(2, ts_ms=opened + HOUR_MS, cycle=7, level=-1, role=FillRole.TARGET, client_id="somebody"),
        messages.fill(3, ts_ms=opened + 5, cycle=8, client_id=other),
        messages.shown(opened + 1, client_id=entry, order_id="1", created_ms=T0 + 40),
        messages.shown(opened + 900, client_id=stop, order_id="2", created_ms=opened + 300),
        messages.shown(opened + 900, client_id=other, order_id="3", created_ms=opened + 400),
        PositionGuarded(opened + HOUR_MS + 1, 1, SYMBOL, STRATEGY, 7, opened, 350),
        PositionSettled(opened + HOUR_MS + 2, 0, SYMBOL, "p7", 1, opened, 0.02, 1.0, 1.0, 1.3, -0.1, 18.8),
        PositionSettled(opened + HOUR_MS + 9, 0, SYMBOL, "p8", 1, opened + HOUR_MS + 5, 0.02, 1.0, 1.0, 1.3, 0, 5.0),
    )
    rig.ledger.journal(Intent(entry, SYMBOL, STRATEGY, "Place", "{}", T0 + 10, "done", T0 + 14, T0 + 30))
    found = await get(rig, f"/api/trades/live.{STRATEGY}.{SYMBOL}.7")
    log = [(line["kind"], line["part"], line["ts_ms"] - T0) for line in found["log"]]
    assert log == [
        ("decided", "", 0), ("journalled", "L1", 10), ("sent", "L1", 14), ("acknowledged", "L1", 30),
        ("filled", "L1", HOUR_MS), ("decided", "", HOUR_MS + 1),
        ("acknowledged", "SL", HOUR_MS + 300), ("protected", "SL", HOUR_MS + 350), ("filled", "TP", 2 * HOUR_MS),
        ("closed", "", 2 * HOUR_MS), ("settled", "", 2 * HOUR_MS),
    ]
    assert found["settled"] == {
        "net": 18.8, "fees": 1.3, "funding": -0.1, "quantity": 0.02, "difference": pytest.approx(18.8 - 18.9),
    }
    assert "net +18.8, -0.1 beside ours" in found["log"][-1]["text"]
    assert found["unprotected_ms"] == 350
    assert [plan["cycle"] for plan in found["plans"]] == [7, 7]
    assert [fill["cycle"] for fill in found["fills"]] == [7, 7]


async def test_a_trade_that_is_not_there_and_an_address_that_is_none(rig: Rig) -> None:
    rig.tell(messages.trade(1))
    await get(rig, f"/api/trades/live.{STRATEGY}.{SYMBOL}.1", 404)
    await get(rig, f"/api/trades/paper.{STRATEGY}.{SYMBOL}", 422)
    undefined = messages.trade(2, exit_price=math.nan, net=math.nan)
    rig.tell(undefined)
    found = await get(rig, f"/api/trades/paper.{STRATEGY}.{SYMBOL}.2")
    assert (found["trade"]["net"], found["trade"]["gross"], found["steps"]) == (None, None, [])


async def test_files_hold_every_match_with_full_numbers(rig: Rig) -> None:
    trades = many()
    rig.tell(*trades)
    live = [t for t in reversed(trades) if t.scope == "live"]
    text = (await rig.client.get("/api/trades/export?scope=live&limit=2")).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [int(row["cycle"]) for row in rows] == [t.cycle for t in live]
    assert [float(row["net"]) for row in rows] == [t.net for t in live]
    assert rows[0]["closed_utc"].endswith("Z")
    answer = await rig.client.get("/api/trades/export?scope=live&format=parquet")
    assert "trades.parquet" in answer.headers["content-disposition"]
    table = pq.read_table(io.BytesIO(answer.content))
    assert table.column("net").to_pylist() == [t.net for t in live]
    assert str(table.schema.field("closed_utc").type) == "timestamp[ms, tz=UTC]"


def marks(
    strategy: str, values: list[float], *, begin: int = T0, scope: str = "live", step: int = HOUR_MS
) -> list[Any]:
    return [
        messages.equity(i, ts_ms=begin + i * step, strategy=strategy, scope=scope, equity=value, wallet=1000.0)
        for i, value in enumerate(values)
    ]


async def test_equity_adds_strategies_but_never_scopes_and_who_comes_later_lifts_nothing(rig: Rig) -> None:
    rig.tell(*marks("a", [1000.0, 1010.0, 990.0, 1005.0]))
    rig.tell(*marks("b", [500.0, 520.0], begin=T0 + 2 * HOUR_MS))
    rig.tell(*marks("a", [7.0, 7.0], scope="paper"))
    found = await get(rig, "/api/equity/curves?scope=live")
    (curve,) = found["curves"]
    assert curve["value"] == [1500.0, 1510.0, 1490.0, 1525.0]
    assert curve["begin"] == 1500.0
    (fall,) = found["falls"]
    assert (fall["number"], fall["from_ms"], fall["to_ms"]) == (1, T0 + HOUR_MS, T0 + 3 * HOUR_MS)
    assert fall["depth"] == pytest.approx(1490 / 1510 - 1)
    assert found["figures"]["net"] == 25.0
    parts = (await get(rig, "/api/equity/curves?scope=live&by=strategy"))["curves"]
    assert {c["name"]: c["value"][-1] for c in parts} == {"a": 1005.0, "b": 520.0}
    later = (await get(rig, f"/api/equity/curves?scope=live&from_ms={T0 + 2 * HOUR_MS}"))["curves"][0]
    assert later["value"] == [1490.0, 1525.0]
    rig.tell(*marks("a", [1100.0], begin=T0 + 4 * HOUR_MS))
    assert (await get(rig, "/api/equity/curves?scope=live"))["curves"][0]["value"][-1] == 1620.0


async def test_change_is_counted_from_the_capital_that_a_strategy_was_given(rig: Rig) -> None:
    rig.tell(*marks(STRATEGY, [9_900.0, 10_100.0]))
    rig.state.apply(ArenaRanked(T0, 1, "live", (messages.STANDING,)), rig.now_ms)
    found = await get(rig, "/api/equity/curves?scope=live")
    assert found["curves"][0]["begin"] == 10_000.0
    assert found["figures"]["net_return"] == pytest.approx(0.01)
    assert found["falls"][0]["depth"] == pytest.approx(-0.01)


async def test_gross_is_net_before_what_closed_trades_paid_and_symbols_add_up_to_them(rig: Rig) -> None:
    trades = [
        messages.trade(i, scope="live", strategy="a", ts_ms=T0 + i * HOUR_MS, symbol=f"{'XY'[i % 2]}-USDT", net=5.0)
        for i in (1, 2, 3)
    ]
    rig.tell(*marks("a", [1000.0, 1005.0, 1010.0, 1015.0]), *trades)
    gross = (await get(rig, "/api/equity/curves?scope=live&measure=gross"))["curves"][0]["value"]
    assert gross == pytest.approx([1000.0, 1006.1, 1012.2, 1018.3])
    assert (await get(rig, "/api/equity/curves?scope=live&measure=realised"))["curves"][0]["value"] == [1000.0] * 4
    found = await get(rig, "/api/equity/curves?scope=live&by=symbol")
    assert {c["name"]: c["value"][-1] for c in found["curves"]} == {"X-USDT": 5.0, "Y-USDT": 10.0}
    assert found["figures"]["fees"] == pytest.approx(3.6)
    assert found["figures"]["fee_share"] == pytest.approx(3.3 / 18.3)


async def test_without_marks_there_is_a_reason_and_no_figure(rig: Rig) -> None:
    found = await get(rig, "/api/equity/curves?scope=paper")
    assert (found["curves"], found["figures"]["net"]) == ([], None)
    assert "nothing was marked" in found["figures"]["why"]
    assert (await get(rig, "/api/equity/monthly?scope=paper"))["years"] == []
    await get(rig, "/api/equity/curves", 422)
    await get(rig, "/api/equity/curves?scope=both", 422)
    await get(rig, "/api/equity/curves?scope=live&points=5000", 422)


async def test_months_compound_to_their_year_and_regimes_to_all_days(rig: Rig) -> None:
    daily = [1000.0 * 1.002**day * (1 - 0.05 * (day % 9 == 4)) for day in range(70)]
    rig.tell(*marks("a", daily, step=DAY_MS))
    minute = [CandlesClosed(T0 + day * DAY_MS, day, "1m", ((SYMBOL, _candle(day)),)) for day in range(70)]
    for event in minute:
        rig.state.apply(event, rig.now_ms)
    found = await get(rig, "/api/equity/monthly?scope=live")
    compounded = 1.0
    for year in found["years"]:
        product = math.prod(1 + month for month in year["months"] if month is not None)
        assert year["total"] == pytest.approx(product - 1)
        compounded *= product
    assert compounded == pytest.approx(daily[-1] / daily[0])
    assert found["reference"] == SYMBOL
    assert sum(part["days"] for part in found["regimes"]) == 70
    assert math.prod(1 + part["net_return"] for part in found["regimes"]) == pytest.approx(daily[-1] / daily[0])
    assert {"bull", "unknown"} <= {part["regime"] for part in found["regimes"]}


def _candle(day: int) -> Candle:
    close = 60_000.0 * 1.006**day
    return Candle(T0 + day * DAY_MS - 60_000, close, close, close, close, 1.0)


async def test_more_than_one_answer_holds_is_asked_for_in_turn_and_once(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("storage.sums", "actors.review_equity"):
        monkeypatch.setattr(f"{module}.MOST_MARKS", 3)
        monkeypatch.setattr(f"{module}.MOST_CLOSINGS", 3)
    values = [1000.0 + i for i in range(11)]
    rig.tell(*marks("a", values))
    for count in (7, 9, 9):
        late = [messages.trade(i, scope="live", ts_ms=T0 + (40 - i) * HOUR_MS, fees=1.0) for i in range(count)]
        rig.tell(*late)
        found = await get(rig, f"/api/equity/curves?scope=live&from_ms={T0}")
        assert found["curves"][0]["value"] == values
        assert found["figures"]["fees"] == count
        brought = (await get(rig, "/api/equity/curves?scope=live&by=symbol"))["curves"][0]
        assert list(brought["t"]) == sorted(brought["t"])
