"""What risk has shown, in the API's words; what if and the calculator follow from it. Pure but for the read model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from actors.read_model import ReadModel
from api import health_models, risk_models
from api.gateway import Unavailable
from core.errors import InputError
from core.exposure import Exposure, LimitUse
from core.messages import RiskShown
from core.restriction import COOLDOWN, HALT, STALE, SWITCHES, Cause, State
from core.rounding import stop_price
from engine.risk_calculator import Question, calculate
from engine.risk_state import strictest
from engine.what_if import Market, Point, what_if

_AT_LEAST = ("min_free_margin",)
_REFUSALS = 50


class RiskReader:
    """Fills `api.risk.RiskPort` from the read model."""

    def __init__(self, state: ReadModel) -> None:
        self._state = state

    def _shown(self) -> RiskShown:
        if self._state.risk is None:
            raise Unavailable("risk has not shown itself since the API started")
        return self._state.risk

    async def report(self) -> risk_models.RiskReport:
        """Limits, causes, kill switches, refusals, owners."""
        return report(self._shown(), self._state)

    async def what_if(self, moves: Sequence[float], *, fills: bool) -> risk_models.WhatIf:
        """The account after each move of all prices, from the last prices."""
        shown = self._shown()
        exposures = tuple(_at_market(e, self._state) for e in shown.exposures)
        instruments = {i.symbol: i for i in shown.instruments}
        market = Market(instruments, shown.limits.margin_mode == "crossed", shown.slippage, fills)
        ends = [m for m in (min(moves, default=0.0), max(moves, default=0.0)) if m]
        points = what_if(exposures, shown.equity, [*moves, *ends], market)
        return risk_models.WhatIf.model_validate({
            "ts_ms": shown.ts_ms, "equity": shown.equity, "fills": fills,
            "points": [_point(p, shown.equity) for p in points[: len(moves)]],
            # what is due at once is met whichever way prices go
            "met": [h._asdict() for h in dict.fromkeys(h for p in points[len(moves) :] for h in p.happened)],
        })

    async def calculate(self, asked: risk_models.TradeAsked) -> risk_models.TradeWorkedOut:
        """One trade, worked out. Raises InputError for values that make none."""
        shown = self._shown()
        instrument = next((i for i in shown.instruments if i.symbol == asked.symbol), None)
        if instrument is None:
            known = ", ".join(i.symbol for i in shown.instruments)
            raise InputError(f"symbol {asked.symbol!r}: unknown; known are {known}")
        most = dict(shown.leverages).get(asked.symbol, instrument.max_leverage)
        if asked.leverage > most:
            raise InputError(f"leverage = {asked.leverage:g}: at most {most:g} on {asked.symbol} (assets.yaml)")
        d = 1 if asked.side == "LONG" else -1
        stop = _either(asked.entry, -d, asked.stop_fraction, asked.stop_price, "stop")
        target = None
        if asked.target_fraction is not None or asked.target_price is not None:
            target = _either(asked.entry, d, asked.target_fraction, asked.target_price, "target")
        if asked.stop_price is None:
            stop = stop_price(stop, d, instrument.tick)
        risk = shown.limits.risk_per_trade if asked.risk_fraction is None else asked.risk_fraction
        answer = calculate(
            Question(asked.capital, asked.leverage, d, asked.entry, stop, risk, asked.quantity, target),
            instrument, shown.limits, shown.slippage,
        )
        return risk_models.TradeWorkedOut(
            symbol=asked.symbol, side=asked.side, entry=asked.entry, stop=stop, target=target, **answer._asdict()
        )


def report(shown: RiskShown, state: ReadModel) -> risk_models.RiskReport:
    """What risk has shown, and the last refusals."""
    tripped = {c.switch: c for c in shown.causes if c.switch}
    overall = strictest(c for c in shown.causes if not c.symbol and not c.strategy)
    refusals = sorted((r for told in state.refusals.values() for r in told), key=lambda r: -r.ts_ms)
    return risk_models.RiskReport.model_validate({
        "ts_ms": shown.ts_ms, "state": overall.value, "margin_mode": shown.limits.margin_mode, "equity": shown.equity,
        "limits": [_limit(u) for u in shown.used if u.code not in SWITCHES],
        "switches": [_switch(u, tripped.pop(_name(u), None)) for u in shown.used if u.code in SWITCHES]
        + [_switch(None, cause) for cause in tripped.values()],
        "causes": [_cause(c) for c in shown.causes if c.code != COOLDOWN],
        "cooldowns": [_cause(c) for c in shown.causes if c.code == COOLDOWN],
        "owners": [{"symbol": symbol, "strategy": strategy} for symbol, strategy in shown.owners],
        "foreign": [e.symbol for e in shown.exposures if not e.strategy and e.quantity > 0],
        "refusals": [
            {"ts_ms": r.ts_ms, "strategy": r.strategy, "symbol": r.symbol, "code": r.code, "detail": r.detail,
             "level": r.level, "wanted": r.wanted, "granted": r.granted}
            for r in refusals[:_REFUSALS]
        ],
    })


def reasons(state: ReadModel) -> Iterator[health_models.Reason]:
    """What risk forbids by itself or by hand, but halts and stale candles, which have reasons of their own."""
    for cause in state.risk.causes if state.risk is not None else ():
        if cause.code not in (HALT, STALE, COOLDOWN):
            level: Literal["DANGER", "ATTENTION"] = "DANGER" if cause.state is State.HALTED else "ATTENTION"
            text = f"{cause.symbol or cause.strategy or 'everything'}: {cause.reason}"
            yield health_models.Reason(level=level, code=cause.code, text=text, symbol=cause.symbol)


def _name(use: LimitUse) -> str:
    return f"{use.code}:{use.subject}" if use.subject else use.code


def _limit(use: LimitUse) -> dict[str, object]:
    reached = use.used < use.limit if use.code in _AT_LEAST else use.used >= use.limit
    return {**use._asdict(), "reached": reached}


def _switch(use: LimitUse | None, cause: Cause | None) -> dict[str, object]:
    return {
        "name": _name(use) if use else cause.switch if cause else "",
        "strategy": use.subject if use else cause.strategy if cause else "",
        "used": use.used if use else None, "limit": use.limit if use else None, "tripped": cause is not None,
        "since_ms": cause.since_ms if cause else None, "reason": cause.reason if cause else "",
    }


def _cause(cause: Cause) -> dict[str, object]:
    return {**cause._asdict(), "state": cause.state.value, "until_ms": cause.until_ms or None}


def _at_market(exposure: Exposure, state: ReadModel) -> Exposure:
    """With the newest price that is known."""
    quote = state.quotes.get(exposure.symbol)
    if quote is None:
        return exposure
    return exposure._replace(price=quote.last if quote.mark is None else quote.mark)


def _point(point: Point, equity: float) -> dict[str, object]:
    def symbols(kind: str) -> list[str]:
        return [h.symbol for h in point.happened if h.kind == kind]

    return {
        "move": point.move, "equity": point.equity, "change": point.change,
        "fraction": point.change / equity if equity > 0 else None, "levels": len(symbols("level")),
        "stopped": symbols("stop"), "liquidated": symbols("liquidation"), "targets": symbols("target"),
    }


def _either(entry: float, direction: int, fraction: float | None, price: float | None, what: str) -> float:
    """A price that is given as one or as a distance from the entry. Raises InputError for none or both."""
    if (fraction is None) == (price is None):
        raise InputError(f"{what}: exactly one of {what}_fraction and {what}_price must be given")
    return float(price) if price is not None else entry * (1 + direction * (fraction or 0.0))
