"""What forbids entries: how causes begin and end, and what losses begin."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.restriction import CLOSE, COOLDOWN, DAILY_LOSS, DRAWDOWN, HALT, REDUCE, STALE, SWITCHES, Cause, State
from core.settings import Risk
from core.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from engine.risk_money import ACCOUNT, Watch, at, meters, renewed, seen, settled
from engine.risk_state import Causes, begun, closing, covering, expired, flattened, lapsed, reset, resumed, strictest

T0 = 1_740_787_200_000
"""Midnight (UTC)."""
BTC, ETH = "BTC-USDT", "ETH-USDT"
LIMITS = Risk(daily_loss=0.05, drawdown_24h=0.08, kill_runner_loss=0.05, kill_drawdown_24h=0.15, kill_real_loss=0.12)


def cause(code: str, symbol: str = "", strategy: str = "", until_ms: int = 0) -> Cause:
    halts = code == HALT or code in SWITCHES
    return Cause(code, State.HALTED if halts else State.REDUCING, symbol, strategy, "because", T0, "x", until_ms)


ENDS = [
    # (cause, what is done, whether it is over then)
    ("resume ends a halt", cause(HALT, BTC), lambda c: resumed(c, BTC), True),
    ("resume of another symbol does not", cause(HALT, BTC), lambda c: resumed(c, ETH), False),
    ("the general resume leaves symbols halted", cause(HALT, BTC), lambda c: resumed(c, ""), False),
    ("resume ends a reduction", cause(REDUCE), lambda c: resumed(c, ""), True),
    ("resume does not reset a kill switch", cause("kill_global"), lambda c: resumed(c, ""), False),
    ("resume does not end the day's loss", cause(DAILY_LOSS), lambda c: resumed(c, ""), False),
    ("reset ends its kill switch", cause("kill_runner", "", "dca"), lambda c: reset(c, "kill_runner:dca"), True),
    ("reset of another does not", cause("kill_runner", "", "dca"), lambda c: reset(c, "kill_runner:grid"), False),
    ("reset of nothing does nothing", cause(HALT), lambda c: reset(c, ""), False),
    ("a reduction ends when its symbol is flat", cause(REDUCE, BTC), lambda c: flattened(c, [ETH], BTC), True),
    ("not when another is", cause(REDUCE, BTC), lambda c: flattened(c, [BTC], ETH), False),
    ("the general one waits for all", cause(REDUCE), lambda c: flattened(c, [ETH], BTC), False),
    ("and ends with the last", cause(REDUCE), lambda c: flattened(c, [], BTC), True),
    ("a closing ends when its symbol is flat", cause(CLOSE, BTC), lambda c: flattened(c, [ETH], BTC), True),
    ("resume ends a closing that hangs", cause(CLOSE, BTC), lambda c: resumed(c, BTC), True),
    ("a halt does not end with being flat", cause(HALT, BTC), lambda c: flattened(c, [], BTC), False),
    ("time ends what has a time", cause(COOLDOWN, BTC, "dca", T0 + 5), lambda c: expired(c, T0 + 5), True),
    ("not before", cause(COOLDOWN, BTC, "dca", T0 + 5), lambda c: expired(c, T0 + 4), False),
    ("time ends nothing else", cause(STALE, BTC), lambda c: expired(c, T0 + 10 * DAY_MS), False),
    ("a rule ends what it began", cause(DRAWDOWN), lambda c: lapsed(c, DRAWDOWN), True),
    ("but no kill switch", cause("kill_global"), lambda c: lapsed(c, "kill_global"), False),
]


@pytest.mark.parametrize(("began", "done", "over"), [c[1:] for c in ENDS], ids=[c[0] for c in ENDS])
def test_what_ends_what(began: Cause, done: object, over: bool) -> None:
    assert (done((began,)) == ()) == over  # type: ignore[operator]


def test_what_was_closed_by_hand_stays_closed_until_a_human_resumes() -> None:
    causes = closing((), BTC, "enough", T0, "hand")
    assert {c.code for c in causes} == {CLOSE, HALT}
    flat = flattened(causes, [], BTC)
    assert [(c.code, c.state, c.reason) for c in flat] == [(HALT, State.HALTED, "enough")]
    assert closing(causes, BTC, "again", T0 + 1, "hand") == causes
    assert resumed(causes, BTC) == ()


def test_the_first_reason_stays_and_the_end_only_moves_later() -> None:
    first = cause(COOLDOWN, BTC, "dca", T0 + 5)
    again = first._replace(reason="again", since_ms=T0 + 3, until_ms=T0 + 9)
    assert begun((first,), again) == (first._replace(until_ms=T0 + 9),)
    assert begun((first,), again._replace(until_ms=T0 + 2)) == (first,)
    assert begun((cause(HALT),), cause(HALT)._replace(reason="other")) == (cause(HALT),)


@pytest.mark.parametrize(("symbol", "strategy", "codes"), [
    (BTC, "dca", ["kill_runner", HALT, COOLDOWN, STALE]), (ETH, "dca", ["kill_runner"]), (BTC, "grid", [HALT, STALE]),
    (ETH, "grid", []),
])
def test_causes_cover_their_symbol_and_strategy_strictest_first(symbol: str, strategy: str, codes: list[str]) -> None:
    causes = (cause(COOLDOWN, BTC, "dca"), cause(STALE, BTC), cause("kill_runner", "", "dca"), cause(HALT, BTC))
    found = covering(causes, symbol, strategy)
    assert sorted(c.code for c in found) == sorted(codes)
    states = [c.state for c in found]
    assert states == sorted(states, key=lambda s: s is not State.HALTED)
    assert strictest(found) is (states[0] if states else State.ACTIVE)


drawn = st.builds(
    cause, st.sampled_from([HALT, REDUCE, CLOSE, STALE, COOLDOWN, DAILY_LOSS, DRAWDOWN, *SWITCHES]),
    st.sampled_from(["", BTC, ETH]), st.sampled_from(["", "dca"]), st.sampled_from([0, T0 + 1, T0 + 2]),
)
rules = st.sampled_from([
    lambda c: expired(c, T0 + 2), lambda c: lapsed(c, DRAWDOWN), lambda c: lapsed(c, HALT),
    lambda c: lapsed(c, "kill_global"), lambda c: flattened(c, [], BTC), lambda c: settled(c, (), T0 + DAY_MS),
])


@given(st.lists(drawn, max_size=6), st.lists(rules, max_size=5))
def test_no_rule_ends_a_halt(began: list[Cause], done: list) -> None:
    causes: Causes = ()
    for one in began:
        causes = begun(causes, one)
    keys = [(c.code, c.symbol, c.strategy) for c in causes]
    assert len(keys) == len(set(keys))
    halted = {c for c in causes if c.state is State.HALTED}
    for rule in done:
        causes = rule(causes)
    assert {c for c in causes if c.state is State.HALTED} == halted


# money


def watched(*equities: float, every_ms: int = HOUR_MS, start_ms: int = T0) -> Watch:
    watch = None
    for i, equity in enumerate(equities):
        watch = seen(watch, start_ms + i * every_ms, equity)
    assert watch is not None
    return watch


def codes(watch: Watch, *, real: bool = True, causes: Causes = ()) -> list[str]:
    found = meters({ACCOUNT: watch}, LIMITS, (), real=real)
    return [c.code for c in settled(causes, found, watch.ts_ms)]


MONEY = [
    ("no loss", watched(1000, 1000), []),
    ("just below the day's limit", watched(1000, 950.1), []),
    ("the day's limit, exactly", watched(1000, 950.0), [DAILY_LOSS]),
    ("the day counts from midnight", watched(1000, 960.0, 920.0, every_ms=12 * HOUR_MS), []),
    ("a drawdown from a peak inside the day", watched(1000, 1100, 1011), [DRAWDOWN]),
    ("a peak 24 hours old is forgotten", watched(1100, 1000, 1000, every_ms=12 * HOUR_MS), []),
    ("a kill switch with all that comes before it", watched(1000, 1100, 934), [DAILY_LOSS, DRAWDOWN, "kill_global"]),
    ("real money, slowly, over days", watched(*range(1000, 876, -4), every_ms=12 * HOUR_MS), ["kill_real"]),
    ("everything is gone", watched(1000, -5), [DAILY_LOSS, DRAWDOWN, "kill_global", "kill_real"]),
    ("an empty account has nothing to lose", watched(0, 0), []),
]


@pytest.mark.parametrize(("watch", "expected"), [c[1:] for c in MONEY], ids=[c[0] for c in MONEY])
def test_what_a_loss_begins(watch: Watch, expected: list[str]) -> None:
    assert codes(watch) == expected


def test_on_paper_there_is_no_switch_for_real_money() -> None:
    assert "kill_real" not in codes(watched(1000, 100), real=False)


def test_a_strategy_has_its_own_switch_by_the_worse_of_paper_and_live() -> None:
    watches = {"paper:dca": watched(1000, 990), "live:dca": watched(1000, 949), "paper:grid": watched(1000, 951)}
    found = meters(watches, LIMITS, ("dca", "grid", "silent"), real=True)
    assert [(m.strategy, round(m.used, 3)) for m in found] == [("dca", 0.051), ("grid", 0.049)]
    assert [c.switch for c in settled((), found, T0)] == ["kill_runner:dca"]


def test_the_days_loss_ends_with_the_day_even_if_nothing_came_back() -> None:
    lost = watched(1000, 940)
    (day,) = settled((), meters({ACCOUNT: lost}, LIMITS, (), real=False), lost.ts_ms)
    assert (day.code, day.until_ms) == (DAILY_LOSS, T0 + DAY_MS)
    assert codes(seen(lost, T0 + DAY_MS - 1, 990.0), causes=(day,)) == [DAILY_LOSS]
    assert codes(seen(lost, T0 + DAY_MS, 940.0), causes=(day,)) == []


def test_time_goes_on_without_news_of_the_money() -> None:
    quiet = at(watched(1000, 940), T0 + DAY_MS)
    assert codes(quiet, causes=(cause(DAILY_LOSS, until_ms=T0 + DAY_MS),)) == []
    assert at(watched(1000, 900), T0 + 2 * DAY_MS).drawdown == 0
    assert at(quiet, T0) == quiet


def test_a_drawdown_ends_a_little_below_its_limit_not_at_it() -> None:
    down = cause(DRAWDOWN)
    assert codes(watched(1000, 1100, 1020), causes=(down,)) == [DRAWDOWN]  # 7.3 % of 8 %
    assert codes(watched(1000, 1100, 1021), causes=(down,)) == []


def test_a_reset_begins_a_new_session() -> None:
    lost = watched(1000, 1100, 850)
    assert (renewed(lost).session_loss, renewed(lost).drawdown, renewed(lost).day_loss) == (0, 0, 0)
    assert seen(renewed(lost), lost.ts_ms + 1, 765.0).session_loss == pytest.approx(0.1)


steps = st.lists(
    st.tuples(st.integers(1, 8 * HOUR_MS), st.floats(0, 1e6)), min_size=1, max_size=60,
)


@given(steps)
def test_the_peak_is_the_highest_of_24_hours_to_the_minute(moves: list[tuple[int, float]]) -> None:
    watch, ts_ms, told = None, T0, []
    for wait_ms, equity in moves:
        ts_ms += wait_ms
        told.append((ts_ms, equity))
        watch = seen(watch, ts_ms, equity)
    assert watch is not None
    # within a minute of a higher one a lower one is not kept, so it may be forgotten a minute early
    sure = max(e for t, e in told if t > ts_ms - DAY_MS + MINUTE_MS or t == ts_ms)
    most = max(e for t, e in told if t > ts_ms - DAY_MS)
    assert sure <= max(watch.peaks[0][1], watch.equity) <= most
    assert [e for _, e in watch.peaks] == sorted((e for _, e in watch.peaks), reverse=True)
    assert 0 <= watch.drawdown <= 1
    assert math.isfinite(watch.session_loss)


@given(st.lists(st.floats(1, 1e5), min_size=1, max_size=300))
def test_a_watch_remembers_at_most_a_peak_a_minute(equities: list[float]) -> None:
    watch = watched(*sorted(equities, reverse=True), every_ms=1_000)
    assert len(watch.peaks) <= len(equities) // 60 + 2


@given(steps, st.integers(0, 59))
def test_an_older_reading_changes_nothing(moves: list[tuple[int, float]], back: int) -> None:
    watch, ts_ms = None, T0
    for wait_ms, equity in moves:
        ts_ms += wait_ms
        watch = seen(watch, ts_ms, equity)
    assert seen(watch, ts_ms - 1 - back, 1e9) == watch


