"""The figures of a result in words: the same lines in the terminal and in the HTML file."""

from __future__ import annotations

from collections.abc import Sequence

from optimization.evaluation import Evaluated
from scripts.backtesting import NotRun, Ran
from scripts.options import when_text
from scripts.report.numbers import Line


def lines(ran: Ran) -> tuple[Line, ...]:
    """Every figure of one result."""
    e = ran.evaluated
    f, g, b = e.figures, e.without_costs, e.bounds
    return (
        Line("net return", f"{f.net_return:+.2%} (gross {f.gross_return:+.2%})",
             "After all costs, open positions marked at the last close; gross: before fees and funding."),
        Line("without costs", f"{g.net_return:+.2%}, {g.trades} trades",
             "Walked again without fees, slippage and funding: what the idea earns before trading costs anything."),
        Line("path of candles", f"{b.low:+.2%} to {b.high:+.2%}, {f.ambiguous} ambiguous candles",
             "Net return with the worst and the best order of prices inside each candle; a candle is ambiguous when "
             "that order decides what fills."),
        Line("holding the asset", f"{e.market_return:+.2%}", "From the first open to the last close, no leverage."),
        Line("equity at the end", f"{e.result.equity[-1]:,.2f} USDT of {e.capital:,.2f}", "Open positions marked."),
        Line("Sharpe, Sortino, Calmar", f"{f.sharpe:.2f}, {f.sortino:.2f}, {f.calmar:.2f}",
             "Of daily returns, a year having 365 days; Calmar: yearly return by maximum drawdown."),
        Line("maximum drawdown", f"{f.max_drawdown:.2%}, {f.drawdown_days:.1f} days below a peak at most",
             "Deepest fall from a peak of equity at candle closes, and the longest time below one."),
        Line("trades", f"{f.trades} ({f.win_rate:.0%} won), {f.expectancy:+.2f} USDT each",
             "Closed cycles, from flat to flat; expectancy: mean net result."),
        Line("profit factor", f"{f.profit_factor:.2f} (gross {f.gross_profit_factor:.2f})",
             "What winners won by what losers lost; at most 1000."),
        Line("fees, funding", f"{f.fees:,.2f}, {f.funding:,.2f} USDT ({f.fee_drag:.1%} of the gross profit)",
             "Of closed trades; below zero: received."),
        Line("exposure", f"{f.exposure:.2%} of the time", "With a position at a candle's close."),
        Line("refused entries", _counted(e.breakdown.refusals) or "0", "Entries that were due and not made."),
    )


def costs_text(ran: Ran) -> str:
    """What was charged and how orders were taken to fill."""
    c = ran.evaluated.costs
    slippage = depth_text(ran) or f"slippage {c.slippage * 1e4:.4g} bp"
    parts = [f"maker {c.maker_fee:.3%}, taker {c.taker_fee:.3%}, {slippage}"]
    if not ran.evaluated.funded:
        parts = ["none: no fees, slippage or funding"]
    parts.append(f"leverage {c.leverage:g}, {c.path.name.lower()} path")
    if c.fill_probability < 1.0:
        parts.append(f"limits fill with probability {c.fill_probability:g}")
    if c.participation > 0.0:
        parts.append(f"at most {c.participation:g} of a candle's volume")
    if c.trade_through > 0.0:
        parts.append(f"limits fill {c.trade_through:.3%} beyond their price")
    return ", ".join(parts)


def depth_text(ran: Ran) -> str:
    """What the slippage was estimated from, '' when it is a flat one."""
    depth = ran.depth
    if depth is None:
        return ""
    thin = f", {depth.thin:,} too thin and left out" if depth.thin else ""
    return (
        f"slippage {depth.slippage * 1e4:.3f} bp for an order of {depth.notional:,.0f} USDT, from {depth.snapshots:,} "
        f"order books of {when_text(depth.from_ms)} to {when_text(depth.to_ms)}{thin}"
    )


def notes(all_ran: Sequence[Ran]) -> list[str]:
    """What a row of a summary cannot say: parts walked on finer candles, slippage from depth; the same once."""
    said: dict[str, list[str]] = {}
    for ran in all_ran:
        for text in (detail_text(ran.evaluated), depth_text(ran)):
            if text:
                said.setdefault(f"{ran.evaluated.symbol}: {text}", []).append(ran.strategy)
    return [f"{text} ({', '.join(names)})" for text, names in said.items()]


def reasons(not_run: Sequence[NotRun]) -> list[tuple[str, str, str]]:
    """Strategies, symbol and reason of what could not be run, those that share symbol and reason together."""
    together: dict[tuple[str, str], list[str]] = {}
    for refused in not_run:
        together.setdefault((refused.symbol, refused.reason), []).append(refused.strategy)
    return [(", ".join(names), symbol, reason) for (symbol, reason), names in together.items()]


def span_text(evaluated: Evaluated) -> str:
    """From when to when, in UTC."""
    stretches = evaluated.stretches
    return f"{when_text(stretches[0].from_ms)} to {when_text(stretches[-1].to_ms)}"


def candles_text(evaluated: Evaluated) -> str:
    """How many candles of which timeframe were walked, and how many are missing."""
    counts: dict[str, int] = {}
    for stretch in evaluated.stretches:
        counts[stretch.timeframe] = counts.get(stretch.timeframe, 0) + stretch.candles
    walked = " and ".join(f"{n:,} of {timeframe}" for timeframe, n in counts.items())
    which = "" if len(counts) == 1 else f"of {evaluated.timeframe} "
    lacking = [f"{evaluated.missing:,} {which}missing"] if evaluated.missing else []
    lacking += [f"{name} known for {share:.1%}" for name, share in evaluated.known.items() if share < 1.0]
    return ", ".join([walked, *lacking])


def detail_text(evaluated: Evaluated) -> str:
    """Which parts were walked on finer candles, '' when all or none was."""
    fine = [s for s in evaluated.stretches if s.timeframe != evaluated.timeframe]
    if not fine or len(fine) == len(evaluated.stretches):
        return ""
    parts = ", ".join(f"{when_text(s.from_ms)} to {when_text(s.to_ms)}" for s in fine)
    return f"walked on {fine[0].timeframe}: {parts}; the rest on {evaluated.timeframe}"


def still_open(evaluated: Evaluated) -> dict[str, float] | None:
    """The position that is still open, if any."""
    book = evaluated.result.book[0]
    if not book["direction"]:
        return None
    return {
        "direction": int(book["direction"]),
        "quantity": float(book["quantity"]),
        "average": float(book["cost"] / book["quantity"]),
        "stop": float(book["stop"]),
    }


def open_text(evaluated: Evaluated) -> str:
    """The position that is still open, '' when there is none."""
    still = still_open(evaluated)
    if still is None:
        return ""
    side = "long" if still["direction"] > 0 else "short"
    return f"still open: {side} {still['quantity']:g} at {still['average']:,.6g}, stop {still['stop']:,.6g}"


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in counts.items())
