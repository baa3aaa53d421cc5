"""Errors, split by what the caller does next.

    ScalpRadarError
    ├── InputError            fix the input: the command line says it in one line and ends with exit code 2
    │   ├── ConfigurationError    a YAML key, an environment variable, an option
    │   └── DataError             candles, files, spans
    ├── VenueError            the exchange, or the way to it
    │   ├── RetryLater            transient: the same request may be sent again after ``retry_after_s``
    │   ├── UnknownOutcome        the request may or may not have worked: look it up by client id before anything else
    │   ├── Refused               the venue understood and said no: do not repeat; ``code`` is its reason
    │   └── Fatal                 keys, permissions, account type: stop trading
    └── SymbolHalted          stop trading this symbol, leave the others alone

A refusal by the risk rules and an order that was not filled are values, not exceptions.
"""

from __future__ import annotations


class ScalpRadarError(Exception):
    """Root of every error raised on purpose."""


class InputError(ScalpRadarError):
    """Something the user gave is wrong; nothing was changed. The message is one line, fit to be shown."""


class ConfigurationError(InputError):
    """A configured value is wrong.

    The message names where it stands, the key, the value and what is allowed.
    """

    def __init__(self, where: str, key: str, value: object, allowed: str) -> None:
        self.where, self.key, self.value, self.allowed = where, key, value, allowed
        super().__init__(f"{where}: {key} = {value!r}: {allowed}")

    def __reduce__(self) -> tuple[type[ConfigurationError], tuple[str, str, object, str]]:
        """What was given, so that it can be raised again in another process."""
        return type(self), (self.where, self.key, self.value, self.allowed)


class DataError(InputError):
    """Market data is missing, damaged or out of order."""


class VenueError(ScalpRadarError):
    """Root of what can go wrong between us and an exchange. ``code`` is the venue's own code, or ''."""

    def __init__(self, message: str, *, code: str = "") -> None:
        self.code = code
        super().__init__(message)


class RetryLater(VenueError):
    """Transient; nothing happened at the venue. ``retry_after_s`` is the least wait before the next try."""

    def __init__(self, message: str, *, code: str = "", retry_after_s: float = 0.5) -> None:
        super().__init__(message, code=code)
        self.retry_after_s = retry_after_s


class UnknownOutcome(VenueError):
    """A state-changing request was sent and its outcome is not known. Ask the venue by client id, never resend."""


class Refused(VenueError):
    """The venue refused; the same request will be refused again."""


class Fatal(VenueError):
    """No request of ours can work: wrong keys, missing permission, wrong account type."""


class SymbolHalted(ScalpRadarError):
    """Trading of one symbol must stop until a human looks at it."""

    def __init__(self, symbol: str, reason: str) -> None:
        self.symbol, self.reason = symbol, reason
        super().__init__(f"{symbol}: {reason}")
