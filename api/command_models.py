"""What the API answers about commands before and after they are given. Numbers and names; the page makes sentences."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.filters import Symbol
from api.models import CommandKind, Model, Number

RAISING: tuple[CommandKind, ...] = ("resume", "reset")
"""What raises risk: refused when the facts are others than those that were shown."""


class CommandAsked(BaseModel):
    """What somebody is about to command: of one symbol, or of everything (''); ``switch`` of a reset only."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"kind": "halt", "symbol": "", "reason": "news at 14:00"}]}
    )

    kind: CommandKind
    symbol: Symbol | Literal[""] = ""
    switch: str = Field("", max_length=100, examples=["kill_global"])
    reason: str = Field("", max_length=200)

    @model_validator(mode="after")
    def _fits(self) -> CommandAsked:
        if (self.kind == "reset") != bool(self.switch):
            raise ValueError("switch: a reset names one, nothing else does")
        if self.kind == "close" and not self.symbol:
            raise ValueError("symbol: closing names one")
        return self


class InForce(Model):
    """Something that forbids entries now: a halt by hand, a kill switch, a rule."""

    code: str = Field(examples=["halt"])
    symbol: str
    strategy: str
    reason: str = Field(examples=["sliding 24 h drawdown 5.3 % above 5.0 %"])
    since_ms: int


class Closing(Model):
    """A position that leaves at market; null where prices or fills are not known."""

    direction: int
    quantity: Number
    price: Number = Field(description="Expected: the best that the other side offers, else the mark price.")
    fee: Number
    slippage: Number = Field(description="In USDT, as the cost model expects it.")
    net: Number = Field(description="Result of the cycle after all fees, funding and that slippage.")


class Consequences(Model):
    """What a command does, counted on the server. Only closing closes anything."""

    entries_withdrawn: int = Field(description="Resting entries that leave the exchange.")
    entries_placed: int = Field(description="Entries of plans in force that may be placed at once.")
    positions_kept: int = Field(description="Open positions; each keeps its stop and its target.")
    without_stop: tuple[str, ...] = Field(description="Symbols whose position has no stop at this moment.")
    closing: Closing | None = Field(None, description="What leaves at market.")
    ends: tuple[InForce, ...] = Field(description="What it would end.")
    stays: tuple[InForce, ...] = Field(description="What goes on forbidding entries nevertheless.")


class Prepared(Model):
    """A command that was thought through but not given. `POST /api/commands/{token}/confirm` gives it, once."""

    token: str = Field(examples=["q3Jr0VQ0m3sJ6yJtJ8qk4w"])
    valid_s: float = Field(examples=[60.0])
    kind: CommandKind
    symbol: str
    switch: str
    raises: bool = Field(description="Raises risk: refused with 409 once the facts have changed.")
    facts: Consequences


class Confirmed(Model):
    """What became of it; the same however often it is confirmed. 'unknown': no answer came in time, look again."""

    kind: CommandKind
    symbol: str
    switch: str
    outcome: Literal["accepted", "unknown"]
    ts_ms: int
    changed: bool = Field(description="The facts were others than those shown; ``facts`` are those it met.")
    facts: Consequences
