"""One run beside another, by the exchange's records of both: what differs, and which fault caused it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from core.timeframe import HOUR_MS, MINUTE_MS
from tests.chaos.records import Deal, Row, Standing

_BEFORE_MS: Final = HOUR_MS + MINUTE_MS
"""An entry is placed up to an hour before it fills: that long before a deal its cause may lie."""


class Difference(NamedTuple):
    """A deal that is not as in the undisturbed run. ``cause`` : '' when none is known."""

    symbol: str
    from_ms: int
    to_ms: int
    what: str
    cause: str


def differences(found: Sequence[Deal], wanted: Sequence[Deal], faults: Sequence[Row]) -> list[Difference]:
    """Deals that differ, each with its cause: a fault that struck its symbol meanwhile, or an earlier difference."""
    told: list[Difference] = []
    for symbol in sorted({deal.symbol for deal in (*found, *wanted)}):
        ours, theirs = ([d for d in deals if d.symbol == symbol] for deals in (found, wanted))
        told += _differing(symbol, ours, theirs, [f for f in faults if f["symbol"] in (symbol, "")])
    return told


def _differing(symbol: str, ours: list[Deal], theirs: list[Deal], struck: Sequence[Row]) -> Iterator[Difference]:
    last: Difference | None = None
    for mine, other in _paired(ours, theirs):
        there = [d for d in (mine, other) if d is not None]
        if len(there) == 2 and there[0].like(there[1]):
            continue
        from_ms, to_ms = min(d.opened_ms for d in there), max(d.closed_ms for d in there)
        cause = _cause(struck, from_ms - _BEFORE_MS, to_ms)
        if not cause and last is not None and from_ms <= last.to_ms + _BEFORE_MS:
            cause = last.cause
        last = Difference(symbol, from_ms, to_ms, _what(mine, other), cause)
        yield last


def standing_apart(found: Standing, wanted: Standing, *, presets: bool = True) -> list[str]:
    """Symbols on which something else stands than in the undisturbed run. ``presets`` : of resting entries too."""
    lines = []
    for symbol in sorted({*found, *wanted}):
        mine, other = (_without(rows.get(symbol, ()), presets) for rows in (found, wanted))
        if mine != other:
            lines.append(f"{symbol}: {mine} and not {other}")
    return lines


def _without(rows: tuple[tuple[object, ...], ...], presets: bool) -> list[tuple[object, ...]]:
    return [row if presets or row[0] != "order" else row[:-1] for row in rows]


def _paired(ours: list[Deal], theirs: list[Deal]) -> list[tuple[Deal | None, Deal | None]]:
    """Deals that were opened in the same minute beside each other, others alone, in order of time."""
    pairs: list[tuple[Deal | None, Deal | None]] = []
    left = list(theirs)
    for mine in ours:
        other = next((d for d in left if abs(d.opened_ms - mine.opened_ms) <= MINUTE_MS), None)
        if other is not None:
            left.remove(other)
        pairs.append((mine, other))
    pairs += [(None, d) for d in left]
    return sorted(pairs, key=lambda pair: min(d.opened_ms for d in pair if d is not None))


def _cause(struck: Sequence[Row], from_ms: int, to_ms: int) -> str:
    found = [f for f in struck if from_ms <= f["ts"] <= to_ms]
    return ", ".join(dict.fromkeys(f"{f['kind']} of {f['roles'] or 'an order'}" for f in found))


def _what(mine: Deal | None, other: Deal | None) -> str:
    if mine is None or other is None:
        return "missed" if mine is None else "extra"
    named = {
        "levels": mine.levels != other.levels, "quantity": mine.quantity != other.quantity,
        "exit": abs(mine.exit_price - other.exit_price) > 1e-9 * other.exit_price,
        "end": abs(mine.closed_ms - other.closed_ms) > MINUTE_MS,
    }
    return " ".join(name for name, differs in named.items() if differs) or "money"
