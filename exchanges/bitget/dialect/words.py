"""What both APIs share: what a call is, and how the venue writes numbers.

Numbers travel as strings, absent ones as ``""`` or null; times are milliseconds as strings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final, NamedTuple

from exchanges.rate import Category

Row = Mapping[str, Any]
Params = dict[str, Any]
Channel = Mapping[str, str]
"""The ``arg`` of a subscription, by which its pushes are told apart."""

PRODUCT: Final = "USDT-FUTURES"
"""The classic account calls it ``productType``, the unified one ``category``."""
COIN: Final = "USDT"


class Endpoint(NamedTuple):
    """One of the venue's calls: ccxt's name for it, the budget it draws on, whether it changes anything."""

    method: str
    category: Category
    writes: bool = False


class Ask(NamedTuple):
    """A reading call with what it is asked."""

    endpoint: Endpoint
    params: Params


TIME: Final = Endpoint("publicCommonGetV2PublicTime", Category.MARKET)
"""The unified account asks the same one."""


def number(value: Any, default: float = 0.0) -> float:
    """A float from the venue's word; ``default`` when it is absent."""
    return default if value in (None, "") else float(value)


def whole(value: Any, default: int = 0) -> int:
    """An int from the venue's word; ``default`` when it is absent."""
    return default if value in (None, "") else int(value)


def known(value: Any) -> float | None:
    """A positive float, or None: the venue says ``""``, ``0`` or null for "none"."""
    found = number(value)
    return found if found > 0 else None


def written(value: float, step: float) -> str:
    """``value`` as a plain decimal on the grid of ``step`` (0: as it is), without exponent or binary dust."""
    exact = Decimal(repr(float(value)))
    if step > 0:
        grid = Decimal(repr(float(step)))
        exact = (exact / grid).to_integral_value(ROUND_HALF_EVEN) * grid
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def same_price(a: float | None, b: float | None, tick: float) -> bool:
    """Whether two prices, or their absence, are the same on the grid."""
    if a is None or b is None:
        return a is b
    return written(a, tick) == written(b, tick)


def permissions(words: Any, addresses: Any) -> tuple[tuple[str, ...], bool | None]:
    """What a key may do in the venue's words, and whether it is bound to addresses (None: the venue does not tell)."""
    may = tuple(str(word).lower() for word in words) if isinstance(words, Sequence) and words else ()
    return may, bool(addresses) if addresses is not None else None
