"""The optimizer as a Ray actor beside a trading tree, or in a Ray of its own: how it is made and found."""

from __future__ import annotations

from typing import Final

import ray

from actors.wiring.shell import Handle, OptimizerProcess
from core.settings import Settings

OPTIMIZER: Final = "optimizer"


def start_optimizer(
    settings: Settings, folders: tuple[str, ...], data: str, results: str, logs: str, workers: int = 0
) -> Handle:
    """The optimizer of this namespace, made unless it is there; it outlives no driver, and restarts for ever."""
    return Handle(ray.remote(OptimizerProcess).options(
        name=OPTIMIZER, get_if_exists=True, num_cpus=0, max_restarts=-1, max_task_retries=0,
    ).remote(settings, folders, data, results, logs, workers))
