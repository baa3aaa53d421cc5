"""Reading v3 requests, and refusing in v3's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.parameters import GRANULARITIES_MS, Page, Parameters
from sandbox.refusal import Refusal
from sandbox.rows import PRODUCT

CATEGORIES: Final = frozenset({"SPOT", "MARGIN", PRODUCT, "COIN-FUTURES", "USDC-FUTURES"})
MOST: Final = 100
"""Rows a page may have at most; more is refused, not cut."""

_OTHER_CODES: Final = {
    "40768": "25204", "43025": "25204", "40762": "25202", "22002": "25227", "40017": "400172", "400171": "400172",
    "40808": "400172", "45115": "400172",
}
"""The code of the same refusal in the other generation; what is not here has one code in both."""


def in_words_of_v3(refusal: Refusal) -> Refusal:
    """A refusal of the matching core as v3 says it."""
    return Refusal(_OTHER_CODES.get(refusal.code, refusal.code), refusal.message, refusal.status)


def not_verified(name: str, value: object) -> Refusal:
    """A parameter that v3 does not take."""
    return Refusal("400172", f"Parameter verification failed {name}: {value!r}")


class Asked(Parameters):
    """A v3 request's parameters; a batch is a JSON array of them."""

    def __init__(self, values: Any, symbols: Mapping[str, str]) -> None:
        self._rows = values if isinstance(values, list) else []
        self._names = symbols
        self._given: Mapping[str, Any] = {} if isinstance(values, list) else values
        super().__init__(self._given, symbols)

    def each(self) -> list[Asked]:
        """The requests of a batch, of which there must be one."""
        if not self._rows or not all(isinstance(row, dict) for row in self._rows):
            raise Refusal("40020", "Parameter body error: not an array of orders")
        return [Asked(row, self._names) for row in self._rows]

    def ours(self) -> bool:
        """Whether the request is about the one category that is traded here, or names none."""
        category = self.text("category", PRODUCT).upper() or PRODUCT
        if category not in CATEGORIES:
            raise not_verified("category", category)
        return category == PRODUCT

    def tradable(self) -> str:
        """Our symbol; category and symbol must both be there."""
        if not self.has("category") or not self.ours():
            raise not_verified("category", self.text("category"))
        return self.symbol()

    def granularity(self) -> tuple[str, int]:
        """The candle length asked for, and in milliseconds."""
        name = self.text("interval")
        if name not in GRANULARITIES_MS or name == "1W":
            raise not_verified("interval", name)
        return name, GRANULARITIES_MS[name]

    def renamed(self, mine: str, classic: str) -> Parameters:
        """The same request with one parameter under the name that the classic protocol has for it."""
        return Parameters({**self._given, classic: self._given.get(mine)}, self._names)

    def limit(self, default: int = MOST, most: int = MOST) -> int:
        """Rows asked for; more than ``most`` is refused."""
        value = self.number("limit")
        if value is None:
            return default
        if value != int(value) or not 1 <= value <= most:
            raise not_verified("limit", self.text("limit"))
        return int(value)

    def page_from_cursor(self, default: int = MOST) -> Page:
        """The page after ``cursor``, which is the id of the last row of the page before."""
        return Page(self.number("startTime"), self.number("endTime"), self.identity("cursor"), self.limit(default))

    def word(self, name: str, allowed: tuple[str, ...], default: str = "") -> str:
        """One of some words; the default when absent, which "" makes impossible."""
        said = self.text(name).lower() or default
        if said not in allowed:
            raise not_verified(name, self.text(name))
        return said
