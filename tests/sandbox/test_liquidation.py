"""Liquidation prices: published examples and a table by hand, for the exchange's formula and for risk's; and the order
in which crossed positions are taken over.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.instrument import Instrument, Tier
from core.tiers import continuous
from engine import risk
from sandbox.account import HEDGE, Account, Position, slot
from sandbox.liquidation import crossed_surplus, liquidation_price, maintenance, takeover
from sandbox.market import Market
from sandbox.orders import Hold
from sandbox.source import StoredSource
from sandbox.state import State
from tests.sandbox.builders import START_MS, SYMBOL, core, minutes, order, walk

ETH = "ETH-USDT"


class Example(NamedTuple):
    """A position and the price at which it is liquidated. ``backing`` is the money behind it."""

    direction: int
    quantity: float
    entry: float
    backing: float
    tiers: tuple[Tier, ...]
    price: float
    digits: float = 1e-9


BINANCE_BIG = (Tier(1e18, 0.10, 135_365.0),)
BINANCE_SMALL = (Tier(1e18, 0.025, 16_300.0),)
BITGET = continuous([(150_000, 0.004), (900_000, 0.005), (12_000_000, 0.01), (38_000_000, 0.015)])

PUBLISHED = {
    # Binance, "How to Calculate Liquidation Price of USDS-M Futures Contracts" (2020-08-14), its example of an account
    # of 1,535,443.01 USDT, in the numbers in which freqtrade's test_liquidation_price keeps it (one position alone, and
    # with the other's maintenance margin and loss taken off the wallet).
    "Binance, ETHUSDT alone": Example(1, 3683.979, 1456.84, 1_535_443.01, BINANCE_BIG, 1114.78, 0.005),
    "Binance, BTCUSDT alone": Example(1, 109.488, 32_481.98, 1_535_443.01, BINANCE_SMALL, 18_778.73, 0.005),
    "Binance, ETHUSDT crossed with BTCUSDT": Example(
        1, 3683.979, 1456.84, 1_535_443.01 - 71_200.81144 - 56_354.57, BINANCE_BIG, 1153.26, 0.005
    ),
    "Binance, BTCUSDT crossed with ETHUSDT": Example(
        1, 109.488, 32_481.98, 1_535_443.01 - 356_512.508 - 448_192.89, BINANCE_SMALL, 26_316.89, 0.005
    ),
}
BY_HAND = {
    # 1 at 100, 10x, 0.5 %: a long loses 10 - 0.5 % of the price: 90 / 0.995; a short 110 / 1.005
    "long, first tier": Example(1, 1.0, 100.0, 10.0, (Tier(1e18, 0.005, 0.0),), 90 / 0.995),
    "short, first tier": Example(-1, 1.0, 100.0, 10.0, (Tier(1e18, 0.005, 0.0),), 110 / 1.005),
    # 3 BTC at 100,000: 300,000 in the second tier, deduction 150,000 x 0.1 %: 150
    "long, second tier": Example(1, 3.0, 100_000.0, 30_000.0, BITGET, (300_000 - 30_000 - 150) / (3 * 0.995)),
    "short, second tier": Example(-1, 3.0, 100_000.0, 30_000.0, BITGET, (300_000 + 30_000 + 150) / (3 * 1.005)),
    # 20 BTC: 2,000,000 in the third tier, deduction 150 + 900,000 x 0.5 %: 4,650
    "long, third tier": Example(1, 20.0, 100_000.0, 40_000.0, BITGET, (2_000_000 - 40_000 - 4_650) / (20 * 0.99)),
    # exactly at the edge the lower tier counts
    "long, at the edge": Example(1, 1.5, 100_000.0, 15_000.0, BITGET, (150_000 - 15_000) / (1.5 * 0.996)),
    "a long that cannot be liquidated": Example(1, 1.0, 100.0, 120.0, (Tier(1e18, 0.005, 0.0),), -20 / 0.995),
}
EXAMPLES = {**PUBLISHED, **BY_HAND}


def by_the_exchange(example: Example, margin_mode: str) -> float:
    rules = Instrument(symbol=SYMBOL, tiers=example.tiers)
    state, account = core(price=example.entry, rules=rules, wallet=example.backing)
    margin = example.backing if margin_mode == "isolated" else 0.0
    account.positions[SYMBOL] = Position(
        SYMBOL, example.direction, margin_mode, 10.0, START_MS, START_MS, example.quantity,
        example.quantity * example.entry, margin,
    )
    return liquidation_price(state, account, account.positions[SYMBOL])


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_every_formula_gives_the_price_of_the_example(example: Example) -> None:
    rules = Instrument(symbol=SYMBOL, tiers=example.tiers)
    cost = example.quantity * example.entry
    by_risk = risk.liquidation_price(example.direction, example.quantity, cost, example.backing, rules)
    for found in (by_the_exchange(example, "isolated"), by_the_exchange(example, "crossed"), by_risk):
        assert found == pytest.approx(example.price, abs=example.digits, rel=1e-12)


def test_maintenance_margin_of_bitgets_own_example() -> None:
    # Bitget, "Bitget to update maintenance margin calculation for classic account futures" (2025-11), article
    # 12560603841952: 3 BTC at a mark price of 110,000, 0.40 % up to 200,000 USDT and 0.50 % above, each with the fee of
    # 0.06 % on top: 1,648 USDT.
    rules = Instrument(symbol=SYMBOL, tiers=continuous([(200_000, 0.004 + 0.0006), (900_000, 0.005 + 0.0006)]))
    position = Position(SYMBOL, 1, "isolated", 10.0, START_MS, START_MS, 3.0, 330_000.0, 33_000.0)
    assert maintenance(rules, [position], 110_000.0) == pytest.approx(1648.0)


def test_deductions_are_those_that_are_published() -> None:
    # Binance, the page above: "Maintenance Amount on Level 5 = 250,000 x (1 % - 0.5 %) + 50 = 1,300 USDT"
    assert [tier.deduction for tier in continuous([(50_000, 0.004), (250_000, 0.005), (1e6, 0.01)])] == [0, 50, 1300]


def two_symbols(wallet: float, mode: str = "crossed", slippage: float = 0.0) -> tuple[State, Account]:
    account = Account("key", "secret", "passphrase", wallet)
    rules = {s: Instrument(symbol=s, maker_fee=0.0, taker_fee=0.0, tiers=(Tier(1e18, 0.01, 0.0),))
             for s in (SYMBOL, ETH)}
    state = State([account], rules, slippage, START_MS)
    for symbol in rules:
        account.leverage[symbol], account.margin_mode[symbol], state.prices[symbol] = 10.0, mode, 100.0
    return state, account


def hold(state: State, account: Account, symbol: str, direction: int, quantity: float, entry: float = 100.0) -> None:
    account.positions[symbol] = Position(
        symbol, direction, account.margin_mode_of(symbol), 10.0, START_MS, START_MS, quantity, quantity * entry,
        quantity * entry / 10, quantity, quantity * entry,
    )
    account.cash -= direction * quantity * entry


def test_a_crossed_position_lives_on_the_profit_of_another_and_dies_of_its_loss() -> None:
    state, account = two_symbols(100.0)
    hold(state, account, SYMBOL, 1, 5.0)
    hold(state, account, ETH, 1, 3.0)
    for price, expected in ((100.0, (500 - 97) / 4.95), (110.0, (500 - 126.7) / 4.95), (90.0, (500 - 67.3) / 4.95)):
        state.prices[ETH] = price
        assert liquidation_price(state, account, account.positions[SYMBOL]) == pytest.approx(expected)


def test_isolated_margin_stands_behind_nothing_else() -> None:
    state, account = two_symbols(100.0)
    hold(state, account, SYMBOL, 1, 5.0)
    account.margin_mode[ETH] = "isolated"
    hold(state, account, ETH, 1, 3.0)
    assert liquidation_price(state, account, account.positions[SYMBOL]) == pytest.approx((500 - 70) / 4.95)
    assert liquidation_price(state, account, account.positions[ETH]) == pytest.approx((300 - 30) / 2.97)


@given(
    st.lists(st.tuples(st.sampled_from([1, -1]), st.integers(1, 50), st.integers(60, 140)), min_size=1, max_size=2),
    st.integers(10, 2000), st.integers(70, 130),
)
def test_at_the_price_of_takeover_nothing_is_left_above_maintenance(
    held: list[tuple[int, int, int]], wallet: int, other: int
) -> None:
    state, account = two_symbols(float(wallet))
    for symbol, (direction, quantity, entry) in zip((SYMBOL, ETH), held, strict=False):
        hold(state, account, symbol, direction, quantity / 10, float(entry))
    state.prices[ETH] = float(other)
    price, below = takeover(state, account, account.positions[SYMBOL])
    if price <= 0:
        return
    state.prices[SYMBOL] = price
    assert crossed_surplus(state, account) == pytest.approx(0.0, abs=1e-6)
    state.prices[SYMBOL] = price * (0.99 if below else 1.01)
    assert crossed_surplus(state, account) < 0


def test_long_and_short_of_a_crossed_symbol_share_the_price_of_takeover() -> None:
    state, account = core(wallet=100.0, leverage=10.0, mode="crossed")
    account.position_mode = HEDGE
    order(state, account, "buy", 6.0, hold=Hold.LONG)
    order(state, account, "sell", 2.0, hold=Hold.SHORT)
    prices = {takeover(state, account, position) for position in account.positions.values()}
    # the wallet after fees falls by the net 4 and must keep 0.5 % of the gross 8
    ((price, below),) = prices
    assert below
    assert account.wallet + 4 * (price - 100) == pytest.approx(0.005 * 8 * price)
    walk(state, 100, 100.5, 70, 80)
    assert account.wallet >= -1e-9
    assert state.journal.violations == []


def test_the_position_that_loses_most_is_taken_over_first_and_the_rest_lives_when_that_was_enough() -> None:
    state, account = two_symbols(100.0)
    hold(state, account, SYMBOL, 1, 6.0)
    hold(state, account, ETH, -1, 2.0)
    resting = order(state, account, "buy", 0.5, 60.0)
    walk(state, 100, 100.5, 80, 85)
    taken = [fill for fill in account.fills if fill.source == "liquidation"]
    assert [fill.symbol for fill in taken] == [SYMBOL]
    assert set(account.positions) == {ETH}
    assert resting.reason == "liquidation"
    # taken over where the price stood: what had to be maintained for it is what is left
    price = taken[0].price
    assert account.wallet == pytest.approx(100 + 6 * (price - 100))
    assert crossed_surplus(state, account) > 0
    assert state.journal.violations == []


def test_all_are_taken_over_when_one_is_not_enough_and_no_more_is_lost_than_there_was() -> None:
    state, account = two_symbols(100.0)
    hold(state, account, SYMBOL, 1, 8.0)
    hold(state, account, ETH, 1, 3.0)
    state.prices[ETH] = 50.0
    walk(state, 60, 60.5, 50, 55)
    assert account.positions == {}
    assert account.wallet == pytest.approx(0.0)
    assert [fill.symbol for fill in account.fills] == [SYMBOL, ETH]
    assert state.journal.violations == []


def test_symbols_that_fall_together_are_taken_over_where_both_stand() -> None:
    state, account = two_symbols(100.0)
    hold(state, account, SYMBOL, 1, 5.0)
    hold(state, account, ETH, 1, 5.0)
    rows = minutes([(100, 100, 80, 80), (80, 80, 80, 80)])
    market = Market(state, StoredSource({SYMBOL: rows, ETH: rows}, START_MS))
    market.walk()
    first = account.fills[0]
    # 100 - 10 x fall = 1 % of 10 x price: at 90.9; together both go, and it is seen within a second of the minute
    assert first.source == "liquidation"
    assert first.price == pytest.approx(900 / 9.9, abs=20 / 60 + 0.01)
    assert account.wallet >= -1e-9
    assert state.journal.violations == []


def test_a_takeover_in_isolated_margin_leaves_the_other_side_alone() -> None:
    state, account = core(leverage=10.0)
    account.position_mode = HEDGE
    order(state, account, "buy", 4.0, hold=Hold.LONG)
    order(state, account, "sell", 4.0, hold=Hold.SHORT)
    keeps = order(state, account, "sell", 1.0, 150.0, hold=Hold.SHORT)
    goes = order(state, account, "buy", 1.0, 60.0, hold=Hold.LONG)
    walk(state, 100, 100, 70, 75)
    assert set(account.positions) == {slot(SYMBOL, Hold.SHORT)}
    assert (keeps.reason, goes.reason) == ("", "liquidation")
