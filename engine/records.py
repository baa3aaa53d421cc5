"""Memory layout of the compiled engine: structured records that Python fills and machine code walks.

Account and book are the whole state of a walk, so their bytes are a snapshot. Columns live outside, unique over a
sweep: ``columns`` float64[n_columns, n_rows] and ``flags`` int8[n_flags, n_rows]; plans hold their numbers.
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from typing import Final

import numpy as np
from numba import from_dtype, types
from numpy.typing import DTypeLike

from core.plan import MAX_ENTRIES
from engine.costs import MAX_TIERS, Costs

NO_COLUMN: Final = -1
"""No such column; as a unit: the reference itself."""
FROM_AVERAGE: Final = -2
FROM_FIRST: Final = -3

MAX_FILLS: Final = 24
"""Fills and refusals that one candle can cause, with room: an exit, 8 entries and their refusals, an exit."""


class Reason(IntEnum):
    """Why a fill or refusal happened; entries are ENTRY, the rest end a trade or refuse an entry."""

    ENTRY = 0
    TARGET = 1
    STOP = 2
    TRAIL = 3
    LIQUIDATION = 4
    EXIT = 5
    AGE = 6
    END = 7
    NO_CAPITAL = 10
    NO_STOP = 11
    STOP_PASSED = 12
    BELOW_MINIMUM = 13
    MARGIN_GUARD = 14
    LIQUIDATION_PASSED = 15
    POST_ONLY = 16


PLAN = np.dtype(
    [
        ("coefficient", "f8", (MAX_ENTRIES,)),
        ("weight", "f8", (MAX_ENTRIES,)),
        ("relative", "f8", (MAX_ENTRIES,)),  # the weights over the first
        ("target_coefficient", "f8"),
        ("target", "i4"),
        ("target_unit", "i4"),
        ("target_moving", "i4"),
        ("has_target", "i4"),
        ("stop_coefficient", "f8"),
        ("stop", "i4"),
        ("stop_unit", "i4"),
        ("stop_moving", "i4"),
        ("has_stop", "i4"),  # always; as long as a target's part, so that both are bound alike
        ("trail_distance", "f8"),
        ("trail_unit", "i4"),
        ("trail_moving", "i4"),
        ("direction", "i4"),  # a row of flags
        ("base", "i4"),
        ("unit", "i4"),
        ("exit", "i4"),  # a row of flags
        ("row_weight", "i4"),
        ("max_hold", "i4"),
        ("cooldown", "i4"),
        ("freeze", "i4"),
        ("entries", "i4"),
        ("unused", "i4"),  # so that records are whole words
    ],
    align=True,
)

ROW = np.dtype(
    [
        ("base", "f8"),
        ("unit", "f8"),
        ("target", "f8"),
        ("target_unit", "f8"),
        ("stop", "f8"),
        ("stop_unit", "f8"),
        ("trail_unit", "f8"),
        ("weight", "f8"),
        ("direction", "i8"),
        ("exit", "i8"),
    ],
    align=True,
)

COST = np.dtype(
    [
        ("maker_fee", "f8"),
        ("taker_fee", "f8"),
        ("slippage", "f8"),
        ("leverage", "f8"),
        ("capital_fraction", "f8"),
        ("risk", "f8"),
        ("guard", "f8"),
        ("tick", "f8"),
        ("step", "f8"),
        ("min_quantity", "f8"),
        ("min_notional", "f8"),
        ("trade_through", "f8"),
        ("fill_probability", "f8"),
        ("participation", "f8"),
        ("tier_notional", "f8", (MAX_TIERS,)),
        ("tier_rate", "f8", (MAX_TIERS,)),
        ("tier_deduction", "f8", (MAX_TIERS,)),
        ("tiers", "i8"),
        ("compounding", "i8"),
        ("crossed", "i8"),
        ("by_unit", "i8"),  # amounts of a cycle are kept per unit of its capital
        ("post_only", "i8"),
        ("path", "i8"),
        ("seed", "i8"),
        ("symbol_id", "i8"),
    ],
    align=True,
)

ACCOUNT = np.dtype(
    [("wallet", "f8"), ("reserved", "f8"), ("initial", "f8"), ("halted", "i8")],
    align=True,
)

BOOK = np.dtype(
    [
        ("scale", "f8"),  # what one unit of the amounts below is worth: the first entry's capital, or 1 where rounded
        ("quantity", "f8"),
        ("cost", "f8"),
        ("fees", "f8"),
        ("funding", "f8"),
        ("margin", "f8"),
        ("reserved", "f8"),  # the margin in money, as the account has it
        ("capital", "f8"),  # at the cycle's start, in units of the scale
        ("average", "f8"),  # entry price: the only fill's, or cost / quantity
        ("first_price", "f8"),
        ("best", "f8"),
        ("base", "f8"),  # columns in force, latched or of the current row
        ("unit", "f8"),
        ("target_reference", "f8"),
        ("target_unit", "f8"),
        ("stop_reference", "f8"),
        ("stop_unit", "f8"),
        ("trail_unit", "f8"),
        ("target", "f8"),  # prices in force, NaN for none
        ("stop", "f8"),
        ("trail", "f8"),
        ("liquidation", "f8"),
        ("nearest_stop", "f8"),  # to the market, of those in force during this candle
        ("by_unit", "i8"),  # whether the scale is a capital
        ("direction", "i8"),  # 0 flat
        ("used", "i8"),  # levels used in this cycle
        ("cycle", "i8"),
        ("first_row", "i8"),
        ("first_ms", "i8"),
        ("blocked_row", "i8"),
        ("refused_row", "i8"),
        ("market_row", "i8"),
        ("missed", "i8"),  # a level was missed in this candle
        ("carried", "i8"),  # direction carried into this candle
        ("ambiguous", "i8"),  # this candle
    ],
    align=True,
)

FILL = np.dtype(
    [
        ("ts_ms", "i8"),
        ("price", "f8"),
        ("quantity", "f8"),
        ("fee", "f8"),
        ("reason", "i4"),
        ("level", "i4"),
        ("maker", "i4"),
        ("direction", "i4"),
        ("cycle", "i8"),
    ],
    align=True,
)

TRADE = np.dtype(
    [
        ("opened_ms", "i8"),
        ("closed_ms", "i8"),
        ("cycle", "i8"),
        ("quantity", "f8"),
        ("average", "f8"),
        ("exit_price", "f8"),
        ("fees", "f8"),
        ("funding", "f8"),
        ("gross", "f8"),
        ("net", "f8"),
        ("direction", "i4"),
        ("levels", "i4"),
        ("reason", "i4"),
        ("first_row", "i4"),
    ],
    align=True,
)

EVENTS = np.dtype(
    [
        ("wanted", "i8"),  # 0: fills are only counted, and a trade's average is left out
        ("fills", "i8"),
        ("refusals", "i8"),
        ("trades", "i8"),
        ("fees", "f8"),  # of the last trade, per unit of its scale, as are the next four
        ("funding", "f8"),
        ("gross", "f8"),
        ("net", "f8"),
        ("cost", "f8"),
        ("fill", FILL, (MAX_FILLS,)),
        ("trade", TRADE, (4,)),
    ],
    align=True,
)
"""What one candle caused; it ends at most three trades (an exit at the open, a flip met at once, and one more)."""

CANDLE = np.dtype(
    [
        ("open", "f8"),
        ("high", "f8"),
        ("low", "f8"),
        ("close", "f8"),
        ("volume", "f8"),
        ("funding", "f8"),  # rate due at the open, 0 for none
        ("ts_ms", "i8"),
        ("row", "i4"),  # plan row in force, -1 before the first
        ("day", "u2"),  # UTC day number
        ("begins", "u2"),  # 1 on the first execution candle of its row
    ],
    align=True,
)
"""An execution candle in one cache line: a walk that jumps pays for one miss, not for ten."""

STATS = np.dtype(
    [
        ("wallet", "f8"),
        ("fees", "f8"),
        ("funding", "f8"),
        ("gross_profit", "f8"),  # of winning trades, before costs
        ("gross_loss", "f8"),
        ("net_profit", "f8"),  # of winning trades, after costs
        ("net_loss", "f8"),
        ("drawdown", "f8"),
        ("sum_r", "f8"),  # over daily returns
        ("sum_r2", "f8"),
        ("sum_down2", "f8"),
        ("worst_day", "f8"),
        ("peak", "f8"),
        ("low", "f8"),
        ("last_equity", "f8"),
        ("day_equity", "f8"),
        ("day", "i8"),
        ("days", "i8"),
        ("trades", "i8"),
        ("wins", "i8"),
        ("exposure", "i8"),  # candles with a position at their close
        ("ambiguous", "i8"),
        ("refusals", "i8"),
        ("longest_hold_ms", "i8"),
    ],
    align=True,
)

PLAN_T, ROW_T, COST_T, ACCOUNT_T, BOOK_T, EVENTS_T, STATS_T = (
    from_dtype(d) for d in (PLAN, ROW, COST, ACCOUNT, BOOK, EVENTS, STATS)
)


def read_only(dtype: DTypeLike, dimensions: int) -> types.Array:
    """Numba's type of a read-only C array of a NumPy dtype: what Ray's object store hands out."""
    return types.Array(from_dtype(np.dtype(dtype)), dimensions, "C", readonly=True)


def cost_record(costs: Costs, symbol_number: int) -> np.ndarray:
    """COST[1] of ``costs`` for the symbol with this number (`engine.chance.symbol_id`)."""
    return np.frombuffer(bytearray(_packed_costs(costs, symbol_number)), COST)


@lru_cache(maxsize=256)
def _packed_costs(costs: Costs, symbol_number: int) -> bytes:
    """The bytes of that record, remembered: to write them field by field takes as long as to bind a dozen plans."""
    record = np.zeros(1, COST)
    for name in COST.names or ():
        if name not in ("tiers", "symbol_id", "by_unit") and not name.startswith("tier_"):
            record[name] = getattr(costs, name)
    record["symbol_id"] = symbol_number
    record["by_unit"] = costs.scale_free
    record["tiers"] = len(costs.tiers)
    for i, tier in enumerate(costs.tiers):
        record["tier_notional"][0, i], record["tier_rate"][0, i], record["tier_deduction"][0, i] = tier
    return record.tobytes()


def new_events(*, wanted: bool) -> np.ndarray:
    """EVENTS[1]; ``wanted``: fills are to be written down, not only counted."""
    events = np.zeros(1, EVENTS)
    events["wanted"] = wanted
    return events


def new_account(capital: float) -> np.ndarray:
    """ACCOUNT[1] with ``capital`` in its wallet."""
    account = np.zeros(1, ACCOUNT)
    account["wallet"] = account["initial"] = capital
    return account


def new_books(count: int) -> np.ndarray:
    """BOOK[count], flat, nothing blocked."""
    return np.frombuffer(bytearray(_flat_book() * count), BOOK)


@lru_cache(maxsize=1)
def _flat_book() -> bytes:
    """The bytes of one of them."""
    book = np.zeros(1, BOOK)
    book["scale"] = 1.0
    book[["blocked_row", "refused_row", "market_row", "first_row"]] = (-1,) * 4
    book[["target", "stop", "trail", "liquidation", "nearest_stop", "first_price"]] = (np.nan,) * 6
    return book.tobytes()
