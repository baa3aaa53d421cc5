"""Messages become rows and rows messages."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import core.messages
from storage import rows
from tests import messages


@dataclasses.dataclass(frozen=True)
class MoonRose:
    """A message that nobody foresaw."""

    ts_ms: int
    sequence: int
    symbol: str
    phase: tuple[float, ...]


def test_a_message_without_a_table_goes_to_the_general_one() -> None:
    (row,) = rows.rows_of(MoonRose(5, 1, "BTC-USDT", (0.5, math.nan)))
    event = rows.stored_event(row.values)
    assert (event.kind, event.symbol, event.payload["phase"]) == ("moon_rose", "BTC-USDT", [0.5, None])


@pytest.mark.parametrize("event", messages.ONE_OF_EACH, ids=lambda event: type(event).__name__)
def test_every_message_is_kept_unless_it_is_said_not_to_be(event: object) -> None:
    assert bool(rows.rows_of(event)) is not isinstance(event, rows.NOT_KEPT)


@pytest.mark.parametrize(
    ("event", "build"),
    [
        (messages.trade(), rows.trade), (messages.fill(), rows.fill), (messages.equity(), rows.equity),
        (messages.protection(stop=None), rows.protection), (messages.plan(stop=1.0, leave=True), rows.plan),
    ],
)
def test_an_event_comes_back_as_it_went(event: object, build: object) -> None:
    assert build(rows.rows_of(event)[0].values) == event  # type: ignore[operator]


def test_an_order_comes_back_as_it_went() -> None:
    event = messages.shown()
    assert rows.order(rows.rows_of(event)[0].values) == rows.StoredOrder(event.order, event.ts_ms)


def test_a_position_without_stop_leaves_an_alarm_beside_the_reading() -> None:
    kinds = [row.values.get("kind") for row in rows.rows_of(messages.protection(stop=None))]
    assert kinds == [None, "position_unprotected"]
    assert len(rows.rows_of(messages.protection(stop=None, quantity=0.0))) == 1


def test_what_is_no_message_is_refused() -> None:
    for thing in ("text", 3, None, messages.trade, object(), core.messages.TradeClosed):
        with pytest.raises(TypeError):
            rows.rows_of(thing)


def test_a_number_too_large_is_refused_before_it_reaches_the_database() -> None:
    with pytest.raises(ValueError, match="too large"):
        rows.rows_of(messages.trade(ts_ms=2**63))


@given(st.floats())
def test_no_undefined_number_is_ever_stored(value: float) -> None:
    for event in (
        messages.trade(net=value), messages.equity(equity=value), messages.plan(price=value, stop=value),
        messages.shown(price=value), messages.fill(fee=value), messages.protection(stop=value),
    ):
        for row in rows.rows_of(event):
            for stored in row.values.values():
                if isinstance(stored, float):
                    assert math.isfinite(stored)
                elif isinstance(stored, str) and stored.startswith("{"):
                    json.loads(stored, parse_constant=lambda word: pytest.fail(word))


def test_an_undefined_number_comes_back_as_nan() -> None:
    assert math.isnan(rows.trade(rows.rows_of(messages.trade(net=math.inf))[0].values).net)
