"""What the API answers about how everything is: actors, feeds, halts, protection, the overall word."""

from __future__ import annotations

from pydantic import Field

from api.models import Mode, Model, Number, Word


class Reason(Model):
    """Why the overall word is not OK."""

    level: Word
    code: str = Field(examples=["without_stop"])
    text: str = Field(examples=["BTC-USDT: position without stop for 1.2 s"])
    symbol: str = ""


class ActorHealth(Model):
    """One actor. ``beat_age_s`` null: not heard of since the API started."""

    name: str
    state: str
    restarts: int
    errors: int
    lag: int
    lagging: bool
    beat_ms: int
    beat_age_s: Number
    silent: bool
    detail: str = ""


class FeedHealth(Model):
    """Freshness of one symbol's candles. ``candle_ms`` is the last close, ``age_s`` wall seconds since it came."""

    symbol: str
    candle_ms: int
    age_s: Number
    stale: bool


class HaltInForce(Model):
    """A halt that nobody ended; symbol '' is everything."""

    symbol: str
    reason: str
    since_ms: int


class Protection(Model):
    """Whether every position has its stop on the exchange."""

    positions: int
    without_stop: tuple[str, ...]
    unprotected_ms: int = Field(description="Longest time a position that is open now was without its stop.")


class Health(Model):
    """How everything is, with the reasons for a word other than OK."""

    mode: Mode
    status: Word
    reasons: tuple[Reason, ...]
    time_ms: int
    exchange_ms: int
    uptime_s: float
    versions: dict[str, str]
    actors: tuple[ActorHealth, ...]
    feeds: tuple[FeedHealth, ...]
    protection: Protection
    halts: tuple[HaltInForce, ...]


class Status(Model):
    """What `Health` says beside ages and lists: pushed whenever it changes."""

    mode: Mode
    status: Word
    reasons: tuple[Reason, ...]
    halts: tuple[HaltInForce, ...]
    protection: Protection
    versions: dict[str, str]
