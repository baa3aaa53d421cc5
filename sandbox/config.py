"""What a local exchange is told at its start: accounts, rules of the symbols, pace."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from core.errors import ConfigurationError
from core.instrument import Instrument
from core.tiers import continuous
from sandbox.account import CLASSIC, UNIFIED
from sandbox.faults.rules import FaultRule

_WIDE: Final = ((150_000, 0.004), (900_000, 0.005), (2_400_000, 0.01), (5_000_000, 0.02), (1e18, 0.05))
_NARROW: Final = ((50_000, 0.0065), (250_000, 0.01), (1_000_000, 0.02), (3_000_000, 0.05), (1e18, 0.1))


def _instrument(symbol: str, tick: float, step: float, leverage: float, wide: bool) -> Instrument:
    return Instrument(
        symbol=symbol, tick=tick, step=step, min_quantity=step, min_notional=5.0, maker_fee=0.0002, taker_fee=0.0006,
        max_leverage=leverage, tiers=continuous(_WIDE if wide else _NARROW),
    )


def default_instruments() -> dict[str, Instrument]:
    """Rules like Bitget's for five perpetuals."""
    rules = (
        _instrument("BTC-USDT", 0.1, 0.001, 125, True),
        _instrument("ETH-USDT", 0.01, 0.01, 100, True),
        _instrument("SOL-USDT", 0.001, 0.1, 75, False),
        _instrument("DOGE-USDT", 0.00001, 1.0, 75, False),
        _instrument("LINK-USDT", 0.001, 0.1, 75, False),
    )
    return {rule.symbol: rule for rule in rules}


@dataclass(frozen=True, slots=True)
class AccountConfig:
    """One customer's keys, first deposit in USDT, and ``kind`` of account: ``classic`` or ``unified``."""

    key: str = "sandbox-key"
    secret: str = "sandbox-secret"  # noqa: S105  # opens nothing but this exchange on loopback
    passphrase: str = "sandbox-passphrase"  # noqa: S105  # as above
    balance: float = 10_000.0
    kind: str = CLASSIC

    @classmethod
    def unified(cls, balance: float = 10_000.0) -> AccountConfig:
        """The unified account that stands beside the classic one."""
        return cls("sandbox-unified-key", "sandbox-unified-secret", "sandbox-unified-passphrase", balance, UNIFIED)


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """A local exchange. Raises ConfigurationError when a value is unsound.

    port : 0 chooses a free one. slippage : fraction of the price, on market executions. depth : USDT in the
    book's nearest level, by which quantities are limited then; 0 fills everything wholly. speed : simulated seconds per
    second of wall time, when not in ``lockstep``, where only the admin endpoint moves the market. paused : time stands
    until the admin endpoint says ``resume``. limits : Bitget's times this, 0 for none. faults : in force from
    the start. state_file : where everything is kept and found again.
    """

    host: str = "127.0.0.1"
    port: int = 0
    accounts: tuple[AccountConfig, ...] = (AccountConfig(),)
    slippage: float = 0.0005
    speed: float = 60.0
    depth: float = 0.0
    lockstep: bool = False
    paused: bool = False
    instruments: Mapping[str, Instrument] = field(default_factory=default_instruments)
    limits: float = 0.0
    faults: tuple[FaultRule, ...] = ()
    state_file: Path | None = None
    admin_key: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def __post_init__(self) -> None:
        keys = {account.key for account in self.accounts}
        rules = (
            ("port", 0 <= self.port < 65536, "0 to 65535"),
            ("slippage", 0 <= self.slippage < 1, "from 0 to below 1"),
            ("depth", 0 <= self.depth <= 1e9, "0 for none, else USDT, at most a billion"),
            ("speed", 0 < self.speed <= 1e6, "above 0, at most a million"),
            ("accounts", {account.kind for account in self.accounts} <= {CLASSIC, UNIFIED}, "classic or unified ones"),
            ("limits", 0 <= self.limits <= 1e6, "0 for none, else a factor of at most a million"),
            ("accounts", 0 < len(self.accounts) == len(keys), "at least one, with different keys"),
        )
        for key, good, allowed in rules:
            if not good:
                raise ConfigurationError("sandbox", key, getattr(self, key), allowed)
