"""From configuration to the engine's costs, and configured strategies evaluated on several symbols, side by side.

Threads are enough: reading, compiled indicators and the walk let go of Python's lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from core.errors import ConfigurationError, DataError, InputError
from core.settings import Settings, StrategyEntry
from engine.breakdown import Regimes
from engine.costs import Costs
from engine.depth import DepthEstimate, estimate
from market.port import BEGINNING_MS, END_MS, CandleSource
from optimization.costs import configured_costs
from optimization.evaluation import Evaluated, evaluate
from optimization.markets import Asked
from optimization.regimes import daily_regimes
from scripts.strategy_checks import parameters
from scripts.validation import suggestion
from strategies.discovery import AnyStrategy

FROM_DEPTH: Final = "depth"

Tell = Callable[[str, int, int], None]
"""Told what has been done, how many are done and how many there are."""


@dataclass(frozen=True, slots=True)
class Request:
    """What backtests were asked for; spans are UTC ms, half-open.

    strategies : names. symbols : () for those that each strategy is configured for, else all that are configured.
    changes : fields of the engine's costs that are not as configured. from_depth : slippage from recorded order books.
    no_costs : neither fees nor slippage nor funding.
    """

    strategies: Sequence[str]
    symbols: Sequence[str]
    from_ms: int
    to_ms: int
    detail: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    from_depth: bool = False
    no_costs: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Ran:
    """One strategy on one symbol. depth : what the slippage was estimated from, where it was."""

    strategy: str
    parameters: Mapping[str, Any]
    evaluated: Evaluated
    depth: DepthEstimate | None


class NotRun(NamedTuple):
    """One strategy that could not be run on one symbol, and why."""

    strategy: str
    symbol: str
    reason: str


class Outcome(NamedTuple):
    """What ran and what did not, in the order of the request."""

    ran: tuple[Ran, ...]
    not_run: tuple[NotRun, ...]


def run_all(
    settings: Settings, known: Mapping[str, AnyStrategy], source: CandleSource, request: Request,
    tell: Tell = lambda text, done, total: None,
) -> Outcome:
    """Every strategy on its symbols. Raises InputError for what is wrong whatever the data, and when nothing ran."""
    for name in request.strategies:
        if name not in known:
            allowed = f"unknown strategy; {suggestion(name, known)}"
            raise ConfigurationError("command line", "strategy", name, allowed)
    Costs(**request.changes)  # says what is wrong with them once, not once a symbol
    pairs = [(name, symbol) for name in request.strategies for symbol in _symbols(settings, name, request)]
    symbols = tuple(dict.fromkeys(symbol for _, symbol in pairs))
    with ThreadPoolExecutor(max(1, min(len(pairs), os.cpu_count() or 1))) as pool:
        regimes = dict(zip(symbols, pool.map(lambda s: daily_regimes(source, s), symbols), strict=True))
        futures = {pool.submit(_run, settings, known[n], source, s, request, regimes[s]): (n, s) for n, s in pairs}
        try:
            for done, future in enumerate(as_completed(futures), 1):
                if not isinstance(future.exception(), InputError):
                    future.result()  # a defect ends everything
                tell(" on ".join(futures[future]), done, len(pairs))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return _outcome(futures)


def _symbols(settings: Settings, name: str, request: Request) -> Sequence[str]:
    """The symbols to run a strategy on."""
    entry = settings.strategies.strategies.get(name) or StrategyEntry()
    return request.symbols or entry.symbols or settings.assets.symbols


def _run(
    settings: Settings, strategy: AnyStrategy, source: CandleSource, symbol: str, request: Request, regimes: Regimes
) -> Ran:
    """One strategy on one symbol. Raises InputError when it cannot be."""
    entry = settings.strategies.strategies.get(strategy.name) or StrategyEntry()
    capital = entry.capital_usdt / max(1, len(entry.symbols))
    asked = Asked(symbol, entry.timeframe or strategy.timeframe, request.from_ms, request.to_ms, request.detail)
    costs = replace(configured_costs(settings, entry, symbol), **request.changes)
    depth = _depth(source, symbol, capital * costs.capital_fraction * costs.leverage) if request.from_depth else None
    if depth is not None:
        costs = replace(costs, slippage=depth.slippage)
    if request.no_costs:
        costs = costs.free()
    params = parameters(strategy, entry, symbol)
    evaluated = evaluate(
        source, strategy, params, asked, costs, capital, funded=not request.no_costs, regimes=regimes
    )
    return Ran(strategy.name, params.model_dump(mode="json"), evaluated, depth)


def _depth(source: CandleSource, symbol: str, notional: float) -> DepthEstimate:
    """Slippage of leaving a whole position at market, from all order books that are stored of the symbol."""
    try:
        return estimate(source.read_book(symbol, BEGINNING_MS, END_MS), notional)
    except DataError as error:
        raise DataError(f"{symbol}: --slippage {FROM_DEPTH}: {error}") from error


def _outcome(futures: Mapping[Future[Ran], tuple[str, str]]) -> Outcome:
    """Results and refusals. Raises InputError when there is no result."""
    ran, not_run = [], []
    for future, (name, symbol) in futures.items():
        error = future.exception()
        if error is None:
            ran.append(future.result())
        else:
            not_run.append(NotRun(name, symbol, " ".join(str(error).split())))
    if not ran:
        first = not_run[0]
        if len(not_run) == 1:
            raise InputError(first.reason)
        which = f"{first.strategy} on {first.symbol}"
        raise InputError(f"none of {len(not_run)} backtests can be run; the first, {which}: {first.reason}")
    return Outcome(tuple(ran), tuple(not_run))
