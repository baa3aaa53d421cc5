"""What may be lost before trading stops: the day's loss, the sliding drawdown, the kill switches. Pure.

Laws
- A watch is a function of the equity it was shown; it remembers at most one peak a minute of the last 24 hours.
- A kill switch that trips stays until `engine.risk_state.reset`; the loss of a day ends with the day (UTC), the
  drawdown when it has come back below nine tenths of its limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from core.restriction import DAILY_LOSS, DRAWDOWN, KILL_GLOBAL, KILL_REAL, KILL_RUNNER, Cause, State
from core.settings import Risk
from core.timeframe import DAY_MS, MINUTE_MS
from engine.risk_state import Causes, begun, expired, lapsed

ACCOUNT: Final = "account"
"""Key of the watch over everything that is traded; the others are ``paper:STRATEGY`` and ``live:STRATEGY``."""

_CALM: Final = 0.9


class Watch(NamedTuple):
    """What is remembered of one account's equity (USDT).

    ts_ms, equity : last seen (exchange time). begun : when the session began. begun_ms : since when. day : when the
    day (UTC) began. peaks : (time, equity) of the last 24 hours, falling, so that the first is the highest.
    """

    ts_ms: int
    equity: float
    begun: float
    begun_ms: int
    day: float
    peaks: tuple[tuple[int, float], ...]

    @property
    def session_loss(self) -> float:
        """Fraction of the session's first equity that is gone; 0 when it grew."""
        return _fallen(self.begun, self.equity)

    @property
    def day_loss(self) -> float:
        """Fraction of the day's first equity that is gone."""
        return _fallen(self.day, self.equity)

    @property
    def drawdown(self) -> float:
        """Fraction below the highest equity of the last 24 hours."""
        return _fallen(self.peaks[0][1], self.equity)


def _fallen(before: float, now: float) -> float:
    return max(0.0, 1.0 - now / before) if before > 0 else 0.0


def seen(watch: Watch | None, ts_ms: int, equity: float) -> Watch:
    """The watch after this equity; an older reading changes nothing."""
    if watch is None:
        return Watch(ts_ms, equity, equity, ts_ms, equity, ((ts_ms, equity),))
    if ts_ms < watch.ts_ms:
        return watch
    peaks = [p for p in watch.peaks if p[0] > ts_ms - DAY_MS]
    while peaks and peaks[-1][1] <= equity:
        peaks.pop()
    if not peaks or ts_ms // MINUTE_MS > peaks[-1][0] // MINUTE_MS:
        peaks.append((ts_ms, equity))
    day = watch.equity if ts_ms // DAY_MS > watch.ts_ms // DAY_MS else watch.day
    return watch._replace(ts_ms=ts_ms, equity=equity, day=day, peaks=tuple(peaks))


def at(watch: Watch, now_ms: int) -> Watch:
    """The watch at a later time, its equity as seen last: a day may have ended, a peak been forgotten."""
    return seen(watch, max(now_ms, watch.ts_ms), watch.equity)


def renewed(watch: Watch) -> Watch:
    """A new session from what there is now: what was lost before no longer counts."""
    return seen(None, watch.ts_ms, watch.equity)


class Meter(NamedTuple):
    """How much of a limit is used, both as fractions. strategy : '' for the account's."""

    code: str
    strategy: str
    used: float
    limit: float


def meters(watches: Mapping[str, Watch], limits: Risk, strategies: Iterable[str], *, real: bool) -> tuple[Meter, ...]:
    """Every limit on losses with what is used of it. ``real`` : the account is one at an exchange."""
    found = []
    account = watches.get(ACCOUNT)
    if account is not None:
        found += [
            Meter(DAILY_LOSS, "", account.day_loss, limits.daily_loss),
            Meter(DRAWDOWN, "", account.drawdown, limits.drawdown_24h),
            Meter(KILL_GLOBAL, "", account.drawdown, limits.kill_drawdown_24h),
        ]
        if real:
            found.append(Meter(KILL_REAL, "", account.session_loss, limits.kill_real_loss))
    for name in strategies:
        own = [w.session_loss for scope in ("paper", "live") if (w := watches.get(f"{scope}:{name}")) is not None]
        if own:
            found.append(Meter(KILL_RUNNER, name, max(own), limits.kill_runner_loss))
    return tuple(found)


_WORDS: Final = {
    DAILY_LOSS: "since midnight (UTC) {used:.1%} of the equity is lost, the limit is {limit:.1%}",
    DRAWDOWN: "the equity is {used:.1%} below its highest of 24 hours, the limit is {limit:.1%}",
    KILL_GLOBAL: "kill switch: the equity is {used:.1%} below its highest of 24 hours, the limit is {limit:.1%}",
    KILL_REAL: "kill switch: {used:.1%} of the account's money is lost, the limit is {limit:.1%}",
    KILL_RUNNER: "kill switch: {strategy} has lost {used:.1%} of its capital, the limit is {limit:.1%}",
}


def settled(causes: Causes, found: Iterable[Meter], now_ms: int) -> Causes:
    """The causes in force once the meters were read: what reached its limit begins, what is over ends."""
    causes = expired(causes, now_ms)
    for meter in found:
        if meter.used >= meter.limit:
            causes = begun(causes, _cause(meter, now_ms))
        elif meter.code == DRAWDOWN and meter.used < _CALM * meter.limit:
            causes = lapsed(causes, DRAWDOWN)
    return causes


def _cause(meter: Meter, now_ms: int) -> Cause:
    state = State.REDUCING if meter.code in (DAILY_LOSS, DRAWDOWN) else State.HALTED
    until_ms = now_ms - now_ms % DAY_MS + DAY_MS if meter.code == DAILY_LOSS else 0
    reason = _WORDS[meter.code].format(**meter._asdict())
    return Cause(meter.code, state, "", meter.strategy, reason, now_ms, "rule", until_ms)
