"""What the API answers about the house itself: actors, account, versions, stored data, acknowledged events."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.health_models import ActorHealth
from api.models import Mode, Model, Number

EventId = str


class ActorSeen(ActorHealth):
    """An actor with how long its beats took from it to here, in milliseconds, over the last ones."""

    restarted_ms: int | None = Field(description="Wall clock of the last restart that was seen; null: none was.")
    delivery_p50_ms: Number
    delivery_p99_ms: Number


class CheckSeen(Model):
    """One fact of the account beside what is wanted."""

    name: str = Field(examples=["withdrawal right"])
    found: str = Field(examples=["none"])
    wanted: str = Field(examples=["none"])
    verdict: Literal["ok", "change", "warn", "refuse"]


class AccountSeen(Model):
    """The facts of an account, read before anything is sent to it."""

    ts_ms: int
    source: str = Field(examples=["executor:bitget"])
    passed: bool
    checks: tuple[CheckSeen, ...]


class System(Model):
    """How the house is. ``account`` null: none was looked at. ``ray_dashboard`` '': it does not run."""

    mode: Mode
    time_ms: int
    exchange_ms: int
    uptime_s: float
    versions: dict[str, str]
    actors: tuple[ActorSeen, ...]
    account: AccountSeen | None
    ray_dashboard: str = Field(examples=["http://127.0.0.1:8265"])
    licences: dict[str, str] = Field(description="Licence of each package that takes part, by its name.")


class Held(Model):
    """Candles of one symbol and timeframe that this server holds in memory, as the feed told them."""

    symbol: str
    timeframe: str
    first_ms: int
    last_ms: int = Field(description="Opening time of the last one.")
    rows: int
    missing: int = Field(description="Candles that lack between first and last.")
    age_s: Number = Field(description="Wall seconds since the symbol's last closed minute came; null: none yet.")
    stale: bool


class Stored(Model):
    """One series at rest. Of trades, minutes without one are counted as missing."""

    exchange: str
    symbol: str
    timeframe: str = Field(examples=["1m", "funding"])
    first_ms: int
    last_ms: int
    rows: int
    gaps: int
    missing: int
    longest: int = Field(description="Rows that the longest gap lacks.")


class Coverage(Model):
    """What there is of market data: in memory now, and at rest when the store was last looked at."""

    looked_ms: int
    held: tuple[Held, ...]
    stored: tuple[Stored, ...]
    problem: str = Field("", description="Why the store could not be read; '' when it could.")


class Hole(Model):
    """Missing rows: the first missing time, and the first that is there again."""

    from_ms: int
    to_ms: int
    missing: int
    fetch: str = Field(description="The command that fills it; '' where nothing can be fetched.")


class Spike(Model):
    """A candle that moved ``factor`` times as far as the median candle before it. Flagged, never removed."""

    ts_ms: int
    factor: float


class Holes(Model):
    """Gaps and spikes of one stored series, the longest and the largest first, 200 of each at most."""

    exchange: str
    symbol: str
    timeframe: str
    first_ms: int
    last_ms: int
    gaps: tuple[Hole, ...]
    gaps_in_all: int
    spikes: tuple[Spike, ...]
    spikes_in_all: int


class AcknowledgeBody(BaseModel):
    """Which events have been seen."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"ids": ["9f1c2e7ab04d"]}]})

    ids: list[str] = Field(min_length=1, max_length=500)


class Acknowledged(Model):
    """How many of them had not been acknowledged before."""

    changed: int
