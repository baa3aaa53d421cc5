"""The optimizer's process: its jobs run on Ray workers of their own, at idle priority."""

from __future__ import annotations

import socket
from pathlib import Path

from actors.optimizer import Optimizer
from actors.optimizer_work import WalkForwards
from actors.wiring.log import log_to
from core.settings import Settings
from market.source import open_source
from optimization.fanout.executor import RayExecutor
from optimization.fanout.shell import step_back
from optimization.result_store import ResultStore
from strategies.configured import configured
from strategies.discovery import discover, discover_filters


class OptimizerActor(Optimizer):
    """The optimizer in its own process; goes by itself, after a restart too.

    Parameters
    ----------
    folders : of users' strategies. data : candle store. results : folder of the result store. workers : 0 for one a
        core.
    """

    def __init__(
        self, settings: Settings, folders: tuple[str, ...], data: str, results: str, logs: str, workers: int = 0
    ) -> None:
        log_to(Path(logs), "optimizer")
        Path(results).mkdir(parents=True, exist_ok=True)
        origin = socket.gethostname()
        known = configured(discover(folders), settings.strategies.strategies, discover_filters(folders))
        store = ResultStore(Path(results))

        def crew() -> RayExecutor:
            step_back()  # of the thread that works: reading, choosing and judging give way to trading too
            return RayExecutor(workers)

        works = WalkForwards(settings, known, open_source(data), store, crew, origin)
        super().__init__(store.research, works, origin=origin)
