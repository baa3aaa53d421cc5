"""Starting, watching and stopping everything: what stands behind ``scalp-radar up``.

Law: whatever was started is stopped, in order, within ten seconds, however this ends.
"""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import ray
from loguru import logger
from ray.exceptions import GetTimeoutError, RayActorError, RayTaskError

from actors.blueprint import draw
from actors.wiring import house as wiring
from actors.wiring.family import LOST, Address, head_and_driver
from actors.wiring.folder import remove_finished
from actors.wiring.log import log_to
from actors.wiring.supervision import PING_S, Supervision
from core.errors import ScalpRadarError
from core.settings import Settings
from scripts.account import credentials_of, local_account
from scripts.configuration import strategy_folders
from scripts.launch_checks import Checked, Wanted
from scripts.local_exchange import LocalExchange
from scripts.notify import ALIVE, READY, STOPPING, tell_manager
from scripts.options import candle_root
from scripts.researching import researching
from scripts.running import alone, api_key, run_folder, say_ended, say_running
from scripts.view import View, status_view

PATIENCE_S: Final = 60.0
"""Without any progress for so long a start has failed; how long all of it takes is the number of symbols' affair."""
LATENCIES: Final = "latencies.json"
"""In the run's folder: milliseconds from the receipt of a decision candle to each order that it caused."""
KEPT_EXCHANGE: Final = "exchange.db"
"""In the run's folder: the demo's local exchange, where the run is kept."""
_LATENCIES_S: Final = 2.0
_LOOK_S: Final = 0.2
KEPT_DEMOS: Final = 5
"""Finished ones, whose folders are left when a new one begins."""


class _Stop:
    """Set by Ctrl-C or SIGTERM; the handler does nothing else."""

    def __init__(self) -> None:
        self.asked = False

    def install(self) -> None:
        """Handle the signals from now on; again after joining Ray, which installs its own."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: setattr(self, "asked", True))


def launch(checked: Checked, folder: Path) -> int:
    """Run until stopped; the exit code. Raises InputError where the local exchange refuses its market.

    Two processes return from here: Ray's parent, and below it the driver (`actors.wiring.family`).
    """
    demo = checked.mode == "demo"
    state = run_folder(checked.mode, fresh=demo and not checked.wanted.keep)
    with ExitStack() as stack:
        stack.callback(alone(state).release)
        (state / "logs").mkdir(exist_ok=True)
        log_to(state / "logs", "head")
        remove_finished(state.parent, KEPT_DEMOS)
        pid = os.getpid()
        stack.callback(say_ended, pid)
        return head_and_driver(
            lambda address: _drive(checked, folder, state, pid, address), dashboard=checked.wanted.dashboard
        )


def _drive(checked: Checked, folder: Path, state: Path, pid: int, address: Address) -> int:
    """Everything but Ray itself, in the driver's process. ``pid`` : of its parent, whom signals are sent to."""
    wanted, settings = checked.wanted, checked.settings
    stop = _Stop()
    stop.install()
    with ExitStack() as stack:
        log_to(state / "logs", "driver")
        logger.info("checked")
        local = None
        if checked.mode == "demo":
            local = LocalExchange(_sandbox_arguments(wanted, settings, folder, state), state / "exchange.log")
            stack.callback(local.stop)
        exchange = settings.exchanges.exchanges[settings.exchanges.default]
        blueprint = draw(
            settings, checked.mode, exchange if local is None else local_account(exchange, local.listening()),
            tuple(str(p) for p in strategy_folders(settings, folder)), checked.timeframes, _versions(),
            checked.params, checked.armed.past if checked.armed else {},
        )
        head = ""
        while not head:
            head = address(_LOOK_S)
            if stop.asked:
                return 0
        wiring.join(head)
        stop.install()
        logger.info("Ray is there")
        key = checked.secrets.scalp_radar_api_key
        research = researching(checked, folder, state)
        house = wiring.build(
            blueprint, state, port=checked.port, api_key=key.get_secret_value() if key else api_key(state),
            credentials=credentials_of(checked.mode, checked.secrets) if blueprint.executor else None,
            results=research.results, research=research.beginning, candles=candle_root(),
        )
        logger.info("actors are being created")
        stack.callback(say_ended, pid)
        stack.callback(wiring.stop, house)
        if blueprint.executor is not None:
            stack.callback(_keep_latencies, house.handles[blueprint.executor.name], state)
        wiring.await_ready(house, blueprint, PATIENCE_S)
        if local is not None:
            local.begin()
        url = f"http://127.0.0.1:{checked.port}"
        say_running(state, url, blueprint.mode, pid)
        logger.info("running: {} at {}", blueprint.mode, url)
        return _watch(View(blueprint, house, Supervision(house), url, state), stop, wanted.for_s, local)


def _watch(view: View, stop: _Stop, for_s: float | None, local: LocalExchange | None) -> int:
    """Look after everything until it is asked to stop."""
    supervision = view.supervision
    tell_manager(READY)
    with status_view(view) as show:
        began = time.monotonic()
        looked = 0.0
        while not stop.asked and (for_s is None or time.monotonic() - began < for_s):
            if time.monotonic() - looked >= PING_S:
                looked = time.monotonic()
                supervision.look()
                if supervision.lost:
                    logger.error("no actor answers: leaving")
                    os._exit(LOST)  # Ray is gone; its own shutdown would hang
                if local is not None and not local.running:
                    raise ScalpRadarError("the local exchange has ended")
                tell_manager(ALIVE)
                show()
            time.sleep(0.1)
    tell_manager(STOPPING)
    return 0


def _keep_latencies(executor: Any, state: Path) -> None:
    """Write down how long orders took from their candle; nothing where the executor does not answer any more."""
    try:
        found: list[float] = ray.get(executor.latencies.remote(), timeout=_LATENCIES_S)
    except (GetTimeoutError, RayActorError, RayTaskError):
        return
    (state / LATENCIES).write_text(json.dumps([round(ms, 3) for ms in found]))


def _sandbox_arguments(wanted: Wanted, settings: Settings, folder: Path, state: Path) -> list[str]:
    enabled = [e for e in settings.strategies.strategies.values() if e.enabled]
    symbols = [s for s in settings.assets.symbols if any(s in e.symbols for e in enabled)]
    arguments = {
        "--speed": str(wanted.speed), "--seed": str(wanted.seed), "--symbols": ",".join(symbols),
        "--balance": str(sum(e.capital_usdt for e in enabled) or 10_000.0), "--config": str(folder),
        "--data": wanted.data, "--from": wanted.from_, "--exchange": wanted.exchange,
        "--state": str(state / KEPT_EXCHANGE) if wanted.keep else None,
    }
    return [part for option, value in arguments.items() if value is not None for part in (option, value)]


def _versions() -> dict[str, str]:
    found = {}
    for package in ("scalp-radar", "ray", "ccxt"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found
