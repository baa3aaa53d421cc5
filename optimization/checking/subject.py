"""What is checked: a strategy or a filter with its parameters; whatever goes wrong in it is one line."""

from __future__ import annotations

import inspect
import traceback
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from core.errors import InputError
from core.market import Market
from core.plan import Plan
from core.strategy import Parameters
from engine.bind import Binder
from optimization.checking.market import CheckMarket
from optimization.checking.tables import Table, plan_table
from strategies.discovery import AnyFilter, AnyStrategy

Port = TypeVar("Port", AnyStrategy, AnyFilter)


class Broken(Exception):
    """The strategy raised, or what it says is none that can be used; the message is one line."""


@dataclass(frozen=True, slots=True)
class Checked(ABC, Generic[Port]):
    """A strategy or a filter with parameters; equal markets must give equal tables."""

    strategy: Port
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

    def table(self, market: CheckMarket) -> Table:
        """What is said of a fresh market, by name and row. Raises Broken."""
        return self.table_of(market.market())

    @abstractmethod
    def table_of(self, market: Market) -> Table:
        """The same on a market that may remember things. Raises Broken."""

    @abstractmethod
    def answer(self, market: Market) -> Any:
        """What the strategy says, with nothing done to it."""


@dataclass(frozen=True, slots=True)
class Subject(Checked[AnyStrategy]):
    """A strategy with parameters, asked for plans."""

    def table_of(self, market: Market) -> Table:
        """What its plan says. Raises Broken."""
        return plan_table(self.plan(market), len(market))

    def answer(self, market: Market) -> Any:
        """Its plan, not looked at."""
        return self.strategy.plan(market, self.params)

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


@dataclass(frozen=True, slots=True)
class FilterSubject(Checked[AnyFilter]):
    """A filter with parameters, asked for scores."""

    def table_of(self, market: Market) -> Table:
        """Its scores, proven to be numbers from -1 to 1 or NaN. Raises Broken."""
        try:
            score = self.answer(market)
        except Exception as error:
            raise Broken(f"score on {len(market)} candles: {said(error, self.file)}") from error
        if not isinstance(score, np.ndarray) or score.dtype != np.float64 or score.shape != (len(market),):
            kind = f"{score.dtype}{score.shape}" if isinstance(score, np.ndarray) else type(score).__name__
            raise Broken(f"score: {kind}: allowed is float64({len(market)},)")
        outside = np.abs(score) > 1.0
        if outside.any():
            row = int(np.argmax(outside))
            raise Broken(f"score of row {row} on {len(market)} candles: {score[row]!r}: allowed is -1 to 1, or NaN")
        return {"score": score}

    def answer(self, market: Market) -> Any:
        """Its scores, not looked at."""
        return self.strategy.score(market, self.params)


def said(error: Exception, file: str) -> str:
    """``ValueError: text (mine.py, line 41)``: the error's first line and the last line of ``file`` on its way."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    where = f" ({Path(file).name}, line {lines[-1]})" if lines else ""
    text = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {text}{where}" if text else f"{type(error).__name__}{where}"
