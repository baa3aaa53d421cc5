"""What is checked: a strategy with its parameters, asked for plans; whatever goes wrong in it is one line."""

from __future__ import annotations

import inspect
import traceback
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from core.market import Market
from core.plan import Plan
from core.strategy import Parameters
from engine.bind import Binder
from optimization.checking.market import CheckMarket
from optimization.checking.tables import Table, plan_table
from strategies.discovery import AnyStrategy


class Broken(Exception):
    """The strategy raised, or its plan is none that the engine takes; the message is one line."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A strategy with parameters; equal markets must give equal tables."""

    strategy: AnyStrategy
    params: Parameters

    @property
    def warmup(self) -> int:
        """Candles that the strategy says it needs. Raises Broken."""
        try:
            declared = self.strategy.warmup(self.params)
        except Exception as error:
            raise Broken(f"warmup: {said(error, self.file)}") from error
        if not isinstance(declared, int) or declared < 1:
            raise Broken(f"warmup: {declared!r}: allowed is a whole number from 1")
        return declared

    @property
    def file(self) -> str:
        """Where the strategy is written."""
        return inspect.getfile(type(self.strategy))

    def plan(self, market: Market) -> Plan:
        """The plan on ``market``, one that the engine takes. Raises Broken."""
        try:
            plan = self.strategy.plan(market, self.params)
            if not isinstance(plan, Plan):
                raise Broken(f"plan: {type(plan).__name__}: allowed is a Plan")
            Binder(len(market)).add(plan)
        except InputError as error:
            raise Broken(f"on {len(market)} candles: {error}") from error
        except Exception as error:
            if isinstance(error, Broken):
                raise
            raise Broken(f"plan on {len(market)} candles: {said(error, self.file)}") from error
        return plan

    def table(self, market: CheckMarket) -> Table:
        """What the plan on a fresh market says, by name and row. Raises Broken."""
        return self.table_of(market.market())

    def table_of(self, market: Market) -> Table:
        """The same on a market that may remember things. Raises Broken."""
        return plan_table(self.plan(market), len(market))


def said(error: Exception, file: str) -> str:
    """``ValueError: text (mine.py, line 41)``: the error's first line and the last line of ``file`` on its way."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    where = f" ({Path(file).name}, line {lines[-1]})" if lines else ""
    text = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {text}{where}" if text else f"{type(error).__name__}{where}"
