"""The checks that must hold for all parameters, made shortly at each corner of them."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, Final

from core.market import Market
from core.strategy import Parameters
from optimization.checking.corners import corners
from optimization.checking.look_ahead import look_ahead
from optimization.checking.market import SPARE_ROWS, CheckMarket, Ground
from optimization.checking.purity import remembered
from optimization.checking.report import leak_figures, leak_line, texts
from optimization.checking.subject import Broken, Checked
from optimization.checking.warm_up import warm_up

_SEED: Final = 8
_LEAST: Final = 12
_CUTS: Final = 12
_WINDOWS: Final = 10


@dataclass(frozen=True, slots=True)
class CornerFault:
    """The first corner that does not hold: what is changed there, what is wrong, and its figures."""

    changed: str
    line: str
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CornerResult:
    """How many corners there are, were checked, or were left out because their warm-up needs a longer market."""

    corners: int
    checked: int
    left_out: int
    fault: CornerFault | None


def check_corners(subject: Checked[Any], ground: Ground, patience_s: float) -> CornerResult:
    """A valid plan, no look-ahead, enough warm-up at each corner, and the same plan on a market shared by all.

    Ends with the first fault, or when patience does.
    """
    market = ground(_SEED, 0)
    shared = market.market()
    ends = time.perf_counter() + patience_s
    chosen, checked, left_out = corners(subject.params), 0, 0
    for corner in chosen:
        if checked >= _LEAST and time.perf_counter() > ends:
            break
        there = replace(subject, params=corner)
        difference = changed(corner, subject.params)
        try:
            if there.warmup >= len(here := ground(_SEED, 2 * there.warmup + SPARE_ROWS)) - 1:
                left_out += 1
                continue
            checked += 1
            fault = _fault(there, difference, here) or _confused(there, difference, market, shared)
        except Broken as error:
            fault = CornerFault(difference, str(error), {})
        if fault is not None:
            return CornerResult(len(chosen), checked, left_out, fault)
    return CornerResult(len(chosen), checked, left_out, None)


def _fault(subject: Checked[Any], where: str, market: CheckMarket) -> CornerFault | None:
    seen = look_ahead(subject, market, most=_CUTS)
    if seen.leak is not None:
        known = f"when row {seen.leak.known_to} is the last"
        line = leak_line(seen.leak, known, "with the candles after it")
        return CornerFault(where, f"look-ahead: {line}", leak_figures(seen.leak))
    found = warm_up(subject, market, rows=_WINDOWS, search=False)
    if found.short is not None:
        line = leak_line(found.short, f"from {found.declared:,} candles", "from all of them")
        return CornerFault(where, f"warm-up: {line}", leak_figures(found.short))
    return None


def _confused(subject: Checked[Any], where: str, market: CheckMarket, shared: Market) -> CornerFault | None:
    """What a market that the corners before have used gives otherwise than a fresh one."""
    differs = remembered(subject, shared, subject.table(market))
    if differs is None:
        return None
    fresh, used = texts(differs.first, differs.second)
    line = f"{differs.column} of row {differs.row} is {fresh} on a fresh market, {used} after other parameters"
    return CornerFault(where, f"memory: {line}", {"column": differs.column, "row": differs.row})


def changed(corner: Parameters, given: Parameters) -> str:
    """``fast=2``: where a corner is another than what was given."""
    before = given.model_dump()
    return ", ".join(f"{name}={value}" for name, value in corner.model_dump().items() if value != before[name])
