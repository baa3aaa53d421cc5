"""What ccxt raises, turned into what the caller does next.

A table by Bitget's codes first, because ccxt's classes are wrong about some (30006, too many requests, is a wrong key
to it) and silent about others (40786). What carries no code is decided by the verb: a GET may be sent again, a POST
may have worked.
"""

from __future__ import annotations

import json
from typing import Final

import aiohttp

from core.errors import Fatal, Refused, RetryLater, UnknownOutcome, VenueError

NOT_FOUND: Final = frozenset({"40109", "40768", "43001", "22001", "25204"})
"""The venue knows no such order, or nothing is left of it."""

CLASSIC_ON_UNIFIED: Final = frozenset({"40085"})
"""A classic call from an account that is unified."""
UNIFIED_ON_CLASSIC: Final = frozenset({"40084", "25245"})
"""A unified call from an account that is classic."""
TOO_MANY: Final = frozenset({"429", "30006", "30007", "1001"})
"""Too many requests: whoever shares the budget has to wait."""

_FATAL: Final = frozenset({
    "40001", "40002", "40003", "40006", "40009", "40010", "40011", "40012", "40013", "40014", "40016", "40018",
    "40024", "40031", "40037", "30004", "30005", "30011", "30012", "30015",
}) | CLASSIC_ON_UNIFIED | UNIFIED_ON_CLASSIC  # fmt: skip
"""Keys, permissions, addresses, account type."""

_CLOCK: Final = frozenset({"40004", "40005", "40008", "30013", "30014"})
"""The time in a signature is too far from the venue's."""

_NOT_TAKEN: Final = {
    "40004": 0.5, "40005": 0.5, "40008": 0.5, "30013": 0.5, "30014": 0.5,  # timestamp: a fresh one may pass
    "30006": 1.0, "30007": 1.0, "1001": 1.0,  # too many requests, said before anything was done
    "40200": 30.0, "40308": 30.0,  # maintenance
}  # fmt: skip
"""Refused before anything was done, for a reason that passes: seconds to wait."""

_DOUBTFUL: Final = frozenset({"429", "40015", "40604", "40725", "45001", "50008"})
"""The venue was in trouble while it had our request; 429 comes from its gateway, measured as doubtful."""


def translate(error: BaseException, *, writes: bool) -> VenueError:
    """The error of ours for one that ccxt raised. ``writes``: the request could change something at the venue."""
    if isinstance(error, VenueError):
        return error
    code, text = _venue_says(error)
    if code:
        return _by_code(code, text, writes=writes)
    if isinstance(error.__cause__, aiohttp.ClientConnectorError):
        return RetryLater(text)  # never connected, so nothing was sent
    kinds = {c.__name__ for c in type(error).__mro__}
    if "AuthenticationError" in kinds:
        return Fatal(text)
    if kinds & {"BadRequest", "ArgumentsRequired", "NotSupported", "InvalidOrder"}:
        return Refused(text)  # ccxt's own checks: nothing was sent
    if "ExchangeClosedByUser" in kinds:
        return RetryLater(text)
    return UnknownOutcome(text) if writes else RetryLater(text)


def _by_code(code: str, text: str, *, writes: bool) -> VenueError:
    if code in _FATAL:
        return Fatal(text, code=code)
    if code in _CLOCK:
        text = f"{text} (does this machine's clock agree with the exchange's?)"
    if code in _NOT_TAKEN:
        return RetryLater(text, code=code, retry_after_s=_NOT_TAKEN[code])
    if code in _DOUBTFUL:
        return UnknownOutcome(text, code=code) if writes else RetryLater(text, code=code, retry_after_s=1.0)
    return Refused(text, code=code)


def _venue_says(error: BaseException) -> tuple[str, str]:
    """The venue's code ('' when it said nothing) and a message of one line.

    ccxt puts the body of the answer behind its own name: ``bitget {"code":"40762","msg":"..."}``.
    """
    text = " ".join(str(error).split())
    if type(error).__name__ == "RateLimitExceeded" and "{" not in text:
        return "429", "too many requests, says the venue's gateway"
    start = text.find("{")
    if start >= 0:
        try:
            answer = json.loads(text[start:])
        except ValueError:
            answer = None
        if isinstance(answer, dict) and answer.get("code") not in (None, "", "00000"):
            code = str(answer["code"])
            return code, f"bitget refuses with {code}: {answer.get('msg') or 'no reason given'}"
    kind = type(error).__name__
    return "", f"{kind}: {text[:300]}" if text else kind
