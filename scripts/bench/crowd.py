"""Twenty strategies on fifty symbols: a configuration folder in which every rung is moved at every minute.

Each strategy has five symbols and each symbol two strategies: the one that comes first in the configuration and wants
entries there owns it, the other one waits until it is flat and wants nothing more.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

import yaml

from core.settings import Settings
from scripts.configuration import read_settings
from strategies.discovery import find

STRATEGIES: Final = 20
SYMBOLS: Final = 50
EACH: Final = 5
FAMILIES: Final[dict[str, dict[str, Any]]] = {
    "envelope_dca": {"envelope_start": 0.0012, "envelope_step": 0.0012, "stop_fraction": 0.05},
    "envelope_dca_short": {"envelope_start": 0.0012, "envelope_step": 0.0012, "stop_fraction": 0.05},
    "grid_atr": {"atr_start": 1.2, "atr_step": 1.0, "stop": "fraction", "stop_fraction": 0.05, "cooldown": 0},
}
"""Real strategies, so near to price that positions open and close every minute."""
_PERIODS: Final = {"envelope_dca": "ma_period", "envelope_dca_short": "ma_period", "grid_atr": "ema_period"}
CAPITAL: Final = 10_000.0


def crowd(config: Path, folder: Path) -> Settings:
    """Write the configuration into ``folder``, beside the limits and tiers of ``config``; as it is read back."""
    folder.mkdir()
    for name in ("optimization", "risk", "tiers", "exchanges"):
        shutil.copy(config / f"{name}.yaml", folder / f"{name}.yaml")
    symbols = _symbols(read_settings(config))
    group = {"crowd": "all of them"}
    assets = {"groups": group, "assets": [{"symbol": s, "group": "crowd", "leverage": 5} for s in symbols]}
    names = [list(FAMILIES)[n % len(FAMILIES)] for n in range(STRATEGIES)]
    classes = {name: type(find(name)).__name__ for name in FAMILIES}
    copies = folder / "copies.py"
    copies.write_text("\n".join([
        *(f"from strategies.{name} import {classes[name]}" for name in FAMILIES),
        *(f"class Load{n}({classes[name]}):\n    name = 'load_{n}'" for n, name in enumerate(names)),
    ]))
    strategies = {f"load_{n}": _entry(name, n, symbols) for n, name in enumerate(names)}
    risk = yaml.safe_load((folder / "risk.yaml").read_text()) | {
        "max_positions": SYMBOLS, "max_same_direction_per_group": SYMBOLS, "daily_loss": 1, "drawdown_24h": 1,
        "kill_runner_loss": 1, "kill_drawdown_24h": 1, "kill_real_loss": 1, "cooldown_after_stop_min": 0,
    }
    _write(folder, "assets", assets)
    _write(folder, "risk", risk)
    _write(folder, "strategies", {"folders": [str(copies)], "strategies": strategies})
    return read_settings(folder)


def _symbols(settings: Settings) -> list[str]:
    known = list(settings.assets.symbols)
    return known + [f"L{n:02}-USDT" for n in range(SYMBOLS - len(known))]


def _entry(family: str, number: int, symbols: list[str]) -> dict[str, Any]:
    first = number * EACH
    return {
        "enabled": True, "symbols": [symbols[(first + i) % SYMBOLS] for i in range(EACH)], "timeframe": "1m",
        "leverage": 3, "capital_usdt": CAPITAL, "capital_fraction": 0.3,
        "params": FAMILIES[family] | {"num_levels": 3, _PERIODS[family]: 5 + number % 4},
    }


def _write(folder: Path, name: str, content: dict[str, Any]) -> None:
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
