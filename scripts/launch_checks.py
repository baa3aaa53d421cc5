"""What is checked before ``scalp-radar up`` starts anything.

Law: whatever can be wrong about the input is found here, and nothing has been changed or started by then.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from actors.blueprint import MODES, Mode, Params
from actors.parts import LIVE_NEEDS
from core.errors import ConfigurationError
from core.settings import Settings, StrategyEntry
from scripts.account import credentials_of
from scripts.choice import only
from scripts.configuration import read_settings, strategy_folders
from scripts.options import parse_when
from scripts.running import check_port, results_root, state_root
from scripts.secrets import Secrets, load_secrets
from scripts.strategy_checks import check_strategies
from strategies.configured import configured
from strategies.discovery import AnyStrategy, discover, discover_filters

if TYPE_CHECKING:
    from exchanges.port import Credentials
    from scripts.agreeing import Armed


class Wanted(NamedTuple):
    """The command line's options."""

    mode: str
    data: str | None
    exchange: str | None
    from_: str | None
    speed: float
    seed: int
    port: int
    for_s: float | None
    dashboard: bool
    keep: bool
    strategies: tuple[str, ...] = ()


class Checked(NamedTuple):
    """Everything that a start needs, proven.

    timeframes : decision timeframe of each enabled strategy. params : its parameters by symbol, all of them.
    armed : what trading real money would do, None in other modes.
    """

    wanted: Wanted
    mode: Mode
    settings: Settings
    secrets: Secrets
    port: int
    timeframes: dict[str, str]
    params: Params
    armed: Armed | None = None


class Running(NamedTuple):
    """What looking at the strategies found: settings with those that are to run, and how each does."""

    settings: Settings
    timeframes: dict[str, str]
    params: Params


class Pending:
    """Checked but for the strategies and the account, which another process looks at."""

    def __init__(self, checked: Checked, pool: ProcessPoolExecutor, folder: Path) -> None:
        self._checked, self._pool, self._folder = checked, pool, folder
        self._chosen = pool.submit(_chosen, checked.settings, folder, checked.wanted.strategies)

    def result(self) -> Checked:
        """Everything, once it was looked at. Raises InputError, or VenueError when the exchange cannot be asked."""
        checked = self._checked._replace(**self._chosen.result()._asdict())
        credentials = credentials_of(checked.mode, checked.secrets)
        if checked.mode != "live" or credentials is None:
            return checked
        armed = self._pool.submit(
            _armed, checked.settings, checked.timeframes, checked.params, credentials,
            str(self._folder / "strategies.yaml"),
        )
        return checked._replace(armed=armed.result())


@contextmanager
def checking(wanted: Wanted, folder: Path) -> Iterator[Pending]:
    """Check the options and the files at once, the strategies in a process of their own until the end of the block.

    Strategies load the compiled engine: half a second, during which the caller can load Ray, and a hundred megabytes,
    for which it has no use afterwards. Raises InputError.
    """
    mode = _mode(wanted.mode)
    settings = read_settings(folder)
    secrets = load_secrets()
    _check(wanted, mode, secrets)
    checked = Checked(wanted, mode, settings, secrets, check_port(wanted.port), {}, {})
    # a fork has everything loaded already, but must not copy a lock that another thread holds
    method = "fork" if threading.active_count() == 1 else "spawn"
    with ProcessPoolExecutor(1, mp_context=get_context(method)) as pool:
        yield Pending(checked, pool, folder)


def _chosen(settings: Settings, folder: Path, names: tuple[str, ...]) -> Running:
    """The settings with the strategies that are to run, decision timeframe and parameters of each."""
    folders, where = strategy_folders(settings, folder), str(folder / "strategies.yaml")
    known, filters = discover(folders), discover_filters(folders)
    settings = only(settings, known, names)
    check_strategies(settings, known, filters, where)
    entries = settings.strategies.strategies
    running = {n: s for n, s in configured(known, entries, filters).items() if n in entries and entries[n].enabled}
    for name, strategy in running.items():
        if not LIVE_NEEDS.issuperset(strategy.needs):
            allowed = f"allowed beside candles: {', '.join(sorted(LIVE_NEEDS))}; nothing else is recorded while running"
            raise ConfigurationError(where, f"strategies.{name}", f"needs {', '.join(strategy.needs)}", allowed)
    return Running(
        settings, {name: entries[name].timeframe or strategy.timeframe for name, strategy in running.items()},
        {name: _params(strategy, entries[name]) for name, strategy in running.items()},
    )


def _armed(
    settings: Settings, timeframes: dict[str, str], params: Params, credentials: Credentials, strategies: str
) -> Armed:
    # Here, since exchange, engine and SQL would stand in the memory of every start.
    from scripts.arming import Places, arm

    root = state_root()
    places = Places(root / "paper", root / "live", results_root() / "results.sqlite", strategies)
    return arm(settings, timeframes, params, credentials, places)


def _params(strategy: AnyStrategy, entry: StrategyEntry) -> dict[str, dict[str, Any]]:
    """By symbol: every parameter in JSON's words."""
    return {
        symbol: strategy.Params(**entry.params | entry.per_asset.get(symbol, {})).model_dump(mode="json")
        for symbol in entry.symbols
    }


def _mode(text: str) -> Mode:
    for mode in MODES:
        if mode == text:
            return mode
    raise ConfigurationError("command line", "--mode", text, f"must be one of {', '.join(MODES)}")


def _check(wanted: Wanted, mode: Mode, secrets: Secrets) -> None:
    """What only the options and secrets together can say. Raises ConfigurationError."""
    if mode != "demo" and wanted.data is not None:
        allowed = "is for the demo; paper and live have real candles"
        raise ConfigurationError("command line", "--data", wanted.data, allowed)
    if mode == "demo" and not 0 < wanted.speed <= 1e6:
        raise ConfigurationError("command line", "--speed", wanted.speed, "must be above 0, at most a million")
    if wanted.data is not None and wanted.from_ is None:
        raise ConfigurationError("command line", "--from", None, "stored candles need a day on which the market opens")
    if wanted.from_ is not None:
        parse_when(wanted.from_, "--from")
    if wanted.dashboard and find_spec("ray.dashboard.modules.job") is not None and find_spec("opencensus") is None:
        allowed = "needs the extra `cluster`: pip install .[cluster]"
        raise ConfigurationError("command line", "--dashboard", True, allowed)
    if mode == "live":
        if not secrets.live_trading:
            raise ConfigurationError("environment", "LIVE_TRADING", "false", "must be true to trade real money")
        missing = secrets.missing_for_live()
        if missing:
            raise ConfigurationError("environment", missing[0], None, "must be set to trade real money")
