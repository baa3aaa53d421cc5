"""Results as plain values, fit for JSON: every number is finite."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from scripts.backtesting import Outcome, Ran
from scripts.report.figures import still_open


def outcome_as_plain(outcome: Outcome) -> dict[str, Any]:
    """Everything that ran and what did not."""
    return {
        "results": [as_plain(ran) for ran in outcome.ran],
        "not_run": [refused._asdict() for refused in outcome.not_run],
    }


def as_plain(ran: Ran) -> dict[str, Any]:
    """One result, with its trades. Returns are fractions, money is in quote currency, times are UTC ms."""
    e = ran.evaluated
    bounds, parts = e.bounds, e.breakdown
    return {
        "strategy": ran.strategy,
        "symbol": e.symbol,
        "timeframe": e.timeframe,
        "parameters": dict(ran.parameters),
        "costs": {
            "maker_fee": e.costs.maker_fee, "taker_fee": e.costs.taker_fee, "slippage": e.costs.slippage,
            "slippage_from": ran.depth._asdict() if ran.depth else None, "funding": e.funded,
            "leverage": e.costs.leverage, "capital_fraction": e.costs.capital_fraction,
            "path": e.costs.path.name.lower(), "fill_probability": e.costs.fill_probability,
            "participation": e.costs.participation, "trade_through": e.costs.trade_through,
        },
        "capital": e.capital,
        "from_ms": e.stretches[0].from_ms,
        "to_ms": e.stretches[-1].to_ms,
        "candles": len(e.candles),
        "missing_candles": e.missing,
        "known": e.known,
        "decision_span": e.decision_span,
        "walked": [stretch._asdict() for stretch in e.stretches],
        "metrics": asdict(e.figures),
        "without_costs": asdict(e.without_costs),
        "bounds": asdict(bounds) | {"low": bounds.low, "high": bounds.high},
        "market_return": e.market_return,
        "final_equity": float(e.result.equity[-1]),
        "by_regime": [asdict(part) for part in parts.by_regime],
        "by_reason": [asdict(part) for part in parts.by_reason],
        "by_side": [asdict(part) for part in parts.by_side],
        "by_month": [month._asdict() for month in parts.by_month],
        "refusals": parts.refusals,
        "open": still_open(e),
        "trades": [t._asdict() for t in e.result.closed()],
    }
