"""Reading request parameters: what is missing or malformed is refused in Bitget's words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from core.order import Side
from sandbox.refusal import Refusal, bad_parameter
from sandbox.rows import PRODUCT

GRANULARITIES_MS: Final = {
    "1m": 60_000, "3m": 180_000, "5m": 300_000, "15m": 900_000, "30m": 1_800_000, "1H": 3_600_000, "2H": 7_200_000,
    "4H": 14_400_000, "6H": 21_600_000, "12H": 43_200_000, "1D": 86_400_000, "1W": 604_800_000,
}


class Parameters:
    """A request's parameters, from a query string or a JSON body."""

    def __init__(self, values: Mapping[str, Any], symbols: Mapping[str, str]) -> None:
        self._values, self._symbols = values, symbols

    def has(self, name: str) -> bool:
        """Whether it was given and is not empty."""
        return self._values.get(name) not in (None, "")

    def text(self, name: str, default: str = "") -> str:
        """As text."""
        value = self._values.get(name)
        return default if value is None else str(value)

    def number(self, name: str) -> float | None:
        """As a finite number, None when absent or empty."""
        if not self.has(name):
            return None
        try:
            value = float(self._values[name])
        except (TypeError, ValueError):
            raise bad_parameter(name, self._values[name]) from None
        if not math.isfinite(value):
            raise bad_parameter(name, self._values[name])
        return value

    def positive(self, name: str) -> float | None:
        """As `number`; 0 counts as absent, which is how Bitget's clients say "none"."""
        value = self.number(name)
        if value is not None and value < 0:
            raise bad_parameter(name, value)
        return value or None

    def required(self, name: str) -> float:
        """As a number that must be there."""
        value = self.number(name)
        if value is None:
            raise Refusal("40019", f"Parameter {name} cannot be empty")
        return value

    def whole(self, name: str, default: int, most: int | None = None) -> int:
        """As a whole number, at most ``most``."""
        value = self.number(name)
        chosen = default if value is None else int(value)
        return chosen if most is None else max(1, min(chosen, most))

    def identity(self, name: str = "orderId") -> int | None:
        """An id of ours, None when absent; what cannot be one is an id that nothing has."""
        shown = self.text(name)
        if not shown:
            return None
        return int(shown) if shown.isdigit() else -1

    def symbol(self) -> str:
        """Our symbol for the market id, which must be known."""
        found = self.maybe_symbol()
        if found is None:
            raise Refusal("40019", "Parameter symbol cannot be empty")
        return found

    def maybe_symbol(self) -> str | None:
        """As `symbol`, None when absent."""
        if not self.has("symbol"):
            return None
        found = self._symbols.get(self.text("symbol").upper())
        if found is None:
            raise Refusal("40034", f"Parameter {self.text('symbol')} does not exist")
        return found

    def side(self) -> Side:
        """``buy`` or ``sell``."""
        try:
            return Side(self.text("side").lower())
        except ValueError:
            raise bad_parameter("side", self.text("side")) from None

    def ours(self) -> bool:
        """Whether the request is about the one product that is traded here, USDT perpetuals."""
        return self.text("productType", PRODUCT).upper() == PRODUCT

    def granularity(self) -> tuple[str, int]:
        """The candle length asked for, and in milliseconds; days begin at midnight UTC."""
        name = self.text("granularity").removesuffix("utc")
        if name not in GRANULARITIES_MS:
            raise Refusal("400171", f"Parameter verification failed granularity {name}")
        return name, GRANULARITIES_MS[name]

    def items(self, name: str) -> list[Mapping[str, Any]]:
        """A list of objects, empty when absent."""
        value = self._values.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise bad_parameter(name, value)
        return value

    def page(self, default: int, most: int) -> Page:
        """Which part of a list is asked for."""
        return Page(
            self.number("startTime"), self.number("endTime"), self.identity("idLessThan"),
            self.whole("limit", default, most),
        )


class Page:
    """A span of time, an upper id and a number of rows; lists are shown newest first."""

    def __init__(self, start: float | None, end: float | None, below: int | None, limit: int) -> None:
        self._start, self._end, self._below, self._limit = start, end, below, limit

    def of(self, rows: list[tuple[int, int, Any]]) -> tuple[list[Any], str]:
        """The page of (id, ms, thing), newest first, and the id of its last row as text."""
        chosen = [
            (key, thing)
            for key, ms, thing in sorted(rows, key=lambda row: row[0], reverse=True)
            if (self._start is None or ms >= self._start)
            and (self._end is None or ms <= self._end)
            and (self._below is None or key < self._below)
        ][: self._limit]
        return [thing for _, thing in chosen], str(chosen[-1][0]) if chosen else ""
