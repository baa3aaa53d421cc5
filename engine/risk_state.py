"""What may be done on a symbol, and why: every cause in force, pure.

Laws
- A rule ends only what a rule began as reducing; what is halted ends by a human's hand alone.
- `resumed` ends what hands and the executor began, `reset` one kill switch; neither touches the other's.
- One cause of a kind and place at a time; the first one's reason, time and author stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from core.restriction import CLOSE, HALT, REDUCE, Cause, State

_BY_HAND: Final = (HALT, REDUCE, CLOSE)
_UNTIL_FLAT: Final = (REDUCE, CLOSE)


_STRICTNESS: Final = tuple(State)


Causes = tuple[Cause, ...]


def _key(cause: Cause) -> tuple[str, str, str]:
    return cause.code, cause.symbol, cause.strategy


def begun(causes: Causes, cause: Cause) -> Causes:
    """``cause`` added; of one in force already only the end may move, and only to later."""
    for i, known in enumerate(causes):
        if _key(known) == _key(cause):
            later = max(known.until_ms, cause.until_ms) if known.until_ms and cause.until_ms else 0
            return (*causes[:i], known._replace(until_ms=later), *causes[i + 1 :])
    return (*causes, cause)


def lapsed(causes: Causes, code: str, symbol: str = "", strategy: str = "") -> Causes:
    """Without the reducing cause that a rule found ended; a halt stays."""
    key = (code, symbol, strategy)
    return tuple(c for c in causes if _key(c) != key or c.state is State.HALTED)


def expired(causes: Causes, now_ms: int) -> Causes:
    """Without the reducing causes whose time is over."""
    return tuple(c for c in causes if not 0 < c.until_ms <= now_ms or c.state is State.HALTED)


def closing(causes: Causes, symbol: str, reason: str, now_ms: int, by: str) -> Causes:
    """What is open on ``symbol`` leaves at market by hand; nothing opens there until a human resumes."""
    halted = begun(causes, Cause(HALT, State.HALTED, symbol, "", reason, now_ms, by))
    return begun(halted, Cause(CLOSE, State.REDUCING, symbol, "", reason, now_ms, by))


def flattened(causes: Causes, open_symbols: Iterable[str], closed: str) -> Causes:
    """Without the reductions and closings by hand that are done, now that the position in ``closed`` is gone."""
    held = set(open_symbols)
    done = {closed} if held else {closed, ""}
    return tuple(c for c in causes if c.code not in _UNTIL_FLAT or c.symbol not in done)


def resumed(causes: Causes, symbol: str) -> Causes:
    """Without what hands or the executor began on ``symbol`` ('': the general one); kill switches stay."""
    return tuple(c for c in causes if c.code not in _BY_HAND or c.symbol != symbol)


def reset(causes: Causes, switch: str) -> Causes:
    """Without one kill switch, by its name."""
    return tuple(c for c in causes if c.switch != switch or not c.switch)


def covering(causes: Causes, symbol: str, strategy: str) -> Causes:
    """The causes that concern a strategy on a symbol, strictest first."""
    found = [c for c in causes if c.symbol in ("", symbol) and c.strategy in ("", strategy)]
    return tuple(sorted(found, key=lambda c: -_STRICTNESS.index(c.state)))


def strictest(causes: Iterable[Cause]) -> State:
    """The state that follows from causes."""
    return max((c.state for c in causes), key=_STRICTNESS.index, default=State.ACTIVE)
