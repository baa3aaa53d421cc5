"""A plan is a function of the market: no state between calls, no writing into the market, no clock, chance or file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final

import numpy as np

from core.market import Market
from optimization.checking.market import CheckMarket
from optimization.checking.subject import Checked
from optimization.checking.tables import Difference, Table, first_difference

_CANDLES: Final = ("ts_ms", "open", "high", "low", "close", "volume")
_IMPURE_MODULES: Final = ("time", "_socket", "_random")
_IMPURE_CALLS: Final = (
    "io.open", "posix.open", "posix.urandom", "posix.getpid", "posix.stat", "posix.listdir", "builtins.input",
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "Random.random", "Random.getrandbits",
)


def repeated(subject: Checked[Any], market: CheckMarket, others: Sequence[CheckMarket]) -> Difference | None:
    """Where a second call differs, after calls on ``others``; and a third on the market of the first.

    Raises Broken.
    """
    same = market.market()
    first = _kept(subject.table_of(same))
    for other in others:
        subject.table(other)
    return first_difference(first, subject.table(market)) or first_difference(first, subject.table_of(same))


def mutated(subject: Checked[Any], market: CheckMarket) -> Difference | None:
    """Which value of the market is another one after the plan was made. Raises Broken."""
    given = market.copy()
    before, after = _columns(market), _columns(given)
    subject.table(given)
    return first_difference(before, after)


def impure_call(subject: Checked[Any], market: CheckMarket) -> str:
    """``time.time (mine.py, line 12)``: the first call that asks clock, chance or system; '' when there is none.

    The plan is made twice and the second time watched, since code may be compiled and loaded in the first.
    Raises Broken.
    """
    subject.table(market)
    found: list[str] = []

    def watch(frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and not found and (name := _impure(called)):
            found.append(f"{name}{_place(frame, subject.file)}")

    previous = sys.getprofile()
    view = market.market()
    sys.setprofile(watch)
    try:
        subject.table_of(view)
        subject.strategy.warmup(subject.params)
    finally:
        sys.setprofile(previous)
    return found[0] if found else ""


def remembered(subject: Checked[Any], market: Market, fresh: Table) -> Difference | None:
    """Where the plan on a market that other parameters have used differs from ``fresh``. Raises Broken."""
    return first_difference(fresh, subject.table_of(market))


def _kept(table: Table) -> Table:
    """Copies, since the arrays belong to the strategy."""
    return {name: v.copy() if isinstance(v, np.ndarray) else v for name, v in table.items()}


def _columns(market: CheckMarket) -> Table:
    return {**{name: getattr(market.candles, name) for name in _CANDLES}, **market.extra}


def _impure(called: Any) -> str:
    module, name = getattr(called, "__module__", None), getattr(called, "__qualname__", "")
    full = f"{module}.{name}" if module else name
    return full if module in _IMPURE_MODULES or full in _IMPURE_CALLS else ""


def _place(frame: FrameType | None, file: str) -> str:
    """Where ``file`` stands on the way to the call, '' when it does not."""
    while frame is not None:
        if frame.f_code.co_filename == file:
            return f" ({Path(file).name}, line {frame.f_lineno})"
        frame = frame.f_back
    return ""
