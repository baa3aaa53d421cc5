"""Starting, watching and stopping everything: what stands behind ``scalp-radar up``.

Law: whatever can be wrong about the input is found before anything is started; whatever was started is stopped, in
order, within ten seconds, however this ends.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from loguru import logger

from actors.blueprint import MODES, Blueprint, Mode, draw
from actors.wiring import house as wiring
from actors.wiring.process import log_to
from actors.wiring.supervision import PING_S, Supervision
from core.errors import ConfigurationError, ScalpRadarError
from core.settings import Exchange, RateBudget, Settings
from exchanges.port import Credentials
from sandbox.config import AccountConfig
from scripts.configuration import load_settings, strategy_folders
from scripts.local_exchange import LocalExchange
from scripts.options import parse_when
from scripts.running import api_key, check_port, run_folder, say_ended, say_running
from scripts.secrets import Secrets, load_secrets
from scripts.view import View, status_view
from strategies.discovery import discover

READY_S: Final = 60.0
LOST: Final = 3
"""Exit code when Ray itself went away."""
_LOCAL_RATE: Final = RateBudget(market=1_000, trade=1_000, account=1_000, position=1_000)


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


class _Stop:
    """Set by Ctrl-C or SIGTERM; the handler does nothing else."""

    def __init__(self) -> None:
        self.asked = False

    def install(self) -> None:
        """Handle the signals from now on; after `ray.init`, which installs its own."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: setattr(self, "asked", True))


def launch(wanted: Wanted, folder: Path) -> int:
    """Run until stopped; the exit code. Raises InputError before anything is started."""
    mode = _mode(wanted.mode)
    settings = load_settings(folder)
    folders = tuple(str(p) for p in strategy_folders(settings, folder))
    secrets = load_secrets()
    _check(wanted, mode, secrets)
    port = check_port(wanted.port)
    state = run_folder(mode, fresh=mode == "demo" and not wanted.keep)
    with ExitStack() as stack:
        exchange = settings.exchanges.exchanges[settings.exchanges.default]
        local: LocalExchange | None = None
        if mode == "demo":
            local = LocalExchange(_sandbox_arguments(wanted, settings, folder), state / "exchange.log")
            stack.callback(local.stop)
            exchange = exchange.model_copy(update={
                "rest_url": local.url, "ws_url": local.url.replace("http", "ws", 1), "rate": _LOCAL_RATE,
                "account_type": "classic", "subscribe_interval_ms": 0,
            })
        blueprint = _blueprint(settings, mode, exchange, folders)
        return _run(stack, blueprint, wanted, state, port, _credentials(mode, secrets), secrets, local)


def _run(
    stack: ExitStack, blueprint: Blueprint, wanted: Wanted, state: Path, port: int, credentials: Credentials | None,
    secrets: Secrets, local: LocalExchange | None,
) -> int:
    stop = _Stop()
    key = secrets.scalp_radar_api_key
    (state / "logs").mkdir(exist_ok=True)
    log_to(state / "logs", "driver")
    logger.info("checked; {}", f"local exchange at {local.url}" if local else "no local exchange")
    temporary = wiring.start_ray(dashboard=wanted.dashboard)
    stack.callback(shutil.rmtree, temporary, ignore_errors=True)
    logger.info("Ray is there")
    stop.install()
    house = wiring.build(
        blueprint, state, port=port, api_key=key.get_secret_value() if key else api_key(state),
        credentials=credentials if blueprint.executor else None,
    )
    logger.info("actors are being created")
    stack.callback(say_ended)
    stack.callback(wiring.stop, house)
    wiring.await_ready(house, blueprint, READY_S)
    url = f"http://127.0.0.1:{port}"
    say_running(state, url, blueprint.mode)
    logger.info("running: {} at {}", blueprint.mode, url)
    supervision = Supervision(house)
    with status_view(View(blueprint, house, supervision, url, state)) as show:
        began = time.monotonic()
        looked = 0.0
        while not stop.asked and (wanted.for_s is None or time.monotonic() - began < wanted.for_s):
            if time.monotonic() - looked >= PING_S:
                looked = time.monotonic()
                supervision.look()
                if supervision.lost:
                    logger.error("no actor answers: leaving")
                    os._exit(LOST)  # Ray is gone; its own shutdown would hang
                if local is not None and not local.running:
                    raise ScalpRadarError("the local exchange has ended")
                show()
            time.sleep(0.1)
    return 0


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


def _sandbox_arguments(wanted: Wanted, settings: Settings, folder: Path) -> list[str]:
    enabled = [e for e in settings.strategies.strategies.values() if e.enabled]
    symbols = [s for s in settings.assets.symbols if any(s in e.symbols for e in enabled)]
    arguments = {
        "--speed": str(wanted.speed), "--seed": str(wanted.seed), "--symbols": ",".join(symbols),
        "--balance": str(sum(e.capital_usdt for e in enabled) or 10_000.0), "--config": str(folder),
        "--data": wanted.data, "--from": wanted.from_, "--exchange": wanted.exchange,
    }
    return [part for option, value in arguments.items() if value is not None for part in (option, value)]


def _credentials(mode: Mode, secrets: Secrets) -> Credentials | None:
    if mode == "demo":
        account = AccountConfig()
        return Credentials(account.key, account.secret, account.passphrase)
    keys = (secrets.bitget_api_key, secrets.bitget_api_secret, secrets.bitget_api_passphrase)
    if mode == "paper" or None in keys:
        return None
    return Credentials(*(key.get_secret_value() for key in keys if key is not None))


def _blueprint(settings: Settings, mode: Mode, exchange: Exchange, folders: tuple[str, ...]) -> Blueprint:
    known = discover(folders)
    timeframes = {
        name: entry.timeframe or known[name].timeframe
        for name, entry in settings.strategies.strategies.items() if entry.enabled
    }
    return draw(settings, mode, exchange, folders, timeframes, _versions())


def _versions() -> dict[str, str]:
    found = {}
    for package in ("scalp-radar", "ray", "ccxt"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found
