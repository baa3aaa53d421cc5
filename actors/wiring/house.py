"""Building, awaiting and stopping all actors.

Laws (docs/operations.md says what was measured)
- An own Ray with token authentication, own namespace and temporary folder, joined by its address; never `ray stop`,
  never a cluster by accident.
- Actors reserve no CPU, restart for ever, and no call is retried by Ray: `actors.peers` and the actors' own idempotence
  do that, where it is right.
- Keys go to the executor's constructor and nowhere else, never into a runtime environment.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import ray
from loguru import logger
from ray._private.worker import get_dashboard_url
from ray.exceptions import GetTimeoutError, RayActorError

from actors.blueprint import Blueprint
from actors.wiring.patience import Patience
from actors.wiring.shell import (
    ApiActor,
    ExecutorActor,
    FeedActor,
    Handle,
    LedgerActor,
    MonitorActor,
    RiskProcess,
    RunnerActor,
)
from actors.wiring.transport import NAMESPACE
from exchanges.port import Credentials

_LOOK_S: Final = 1.0


class House(NamedTuple):
    """Running actors: handles by name, in the order in which they are stopped."""

    handles: dict[str, Handle]
    folder: Path


def join(address: str) -> None:
    """Connect this process to the head there (`actors.wiring.head`), as its driver. `set_flags` came before."""
    ray.init(address=address, namespace=NAMESPACE, log_to_driver=False, logging_level="ERROR")


def build(
    blueprint: Blueprint, folder: Path, *, port: int, api_key: str | None, credentials: Credentials | None,
    results: Path | None = None, research: str = "", candles: str = "",
) -> House:
    """Create every actor, all at once; returns before they are ready.

    results : of optimisations, for the API. research : how the optimizer begins (`actors.optimizer_desk.Beginning` as
    JSON) once somebody asks the API for it; '': there is none. candles : where those at rest are, for the API.
    """
    logs = str(folder / "logs")
    Path(logs).mkdir(parents=True, exist_ok=True)
    handles: dict[str, Handle] = {}
    venue = (blueprint.exchange_name, blueprint.exchange)

    def create(name: str, cls: type, *arguments: Any) -> None:
        handles[name] = Handle(ray.remote(cls).options(
            name=name, namespace=NAMESPACE, num_cpus=0, max_restarts=-1, max_task_retries=0,
        ).remote(*arguments))

    # those that load most, or that others wait for, first: processes start two at a time, and there may be many runners
    create("ledger", LedgerActor, f"sqlite:///{folder.resolve()}/ledger.sqlite", logs)
    first, *others = blueprint.runners
    create(first.name, RunnerActor, first, logs)
    create(blueprint.feed.name, FeedActor, blueprint.feed, *venue, logs)
    if blueprint.executor is not None and credentials is not None:
        create(blueprint.executor.name, ExecutorActor, blueprint.executor, *venue, logs, credentials)
    for runner in others:
        create(runner.name, RunnerActor, runner, logs)
    create(blueprint.risk.name, RiskProcess, blueprint.risk, logs)
    kept = str((results or folder / "results").resolve())
    facts = replace(blueprint.facts, ray_dashboard=_ray_dashboard(), candles=candles)
    create("api", ApiActor, facts, blueprint.risk.name, logs, port, api_key, kept, research)
    create(blueprint.monitor.name, MonitorActor, blueprint.monitor, logs, f"{kept}/results.sqlite")
    return House({name: handles[name] for name in blueprint.facts.actors if name in handles}, folder)


def _ray_dashboard() -> str:
    """Where Ray's own pages are, '' when they are not."""
    where = get_dashboard_url()
    return f"http://{where}" if where else ""


def await_ready(house: House, blueprint: Blueprint, patience_s: float) -> None:
    """Returns when everything trades, however many symbols the exchange has to be asked about.

    Raises ScalpRadarError when for ``patience_s`` nobody has come any further, or what an actor raised.
    """
    feed = house.handles[blueprint.feed.name]
    _awaited([feed.ready.remote()], [feed], patience_s)
    asking = [feed]
    waits = [house.handles["api"].port.remote()]
    waits += [house.handles[r.name].start.remote() for r in blueprint.runners]
    waits.append(house.handles[blueprint.risk.name].start.remote())
    if blueprint.executor is not None:
        asking.append(house.handles[blueprint.executor.name])
        waits.append(asking[-1].ready.remote())
    _awaited(waits, asking, patience_s)


def _awaited(waits: list[Any], asking: list[Handle], patience_s: float) -> None:
    """Returns when all are done; ``asking`` are actors whose count of steps says that the rest may still come."""
    steps = dict.fromkeys(range(len(asking)), 0)
    patience = Patience(patience_s)
    while waits:
        patience.look((len(waits), *steps.values()))
        asked = {handle.health.remote(): i for i, handle in enumerate(asking)}
        done, waits = ray.wait(waits, num_returns=len(waits), timeout=_LOOK_S)
        ray.get(done)
        for answer in ray.wait(list(asked), num_returns=len(asked), timeout=0)[0]:
            steps[asked[answer]] = ray.get(answer)["steps"]


def stop(house: House, *, each_s: float = 4.0) -> list[str]:
    """Stop actors in order, each awaited, then leave Ray; names of those that did not answer in time."""
    silent = []
    for name, handle in house.handles.items():
        try:
            ray.get(handle.stop.remote(), timeout=each_s)
        except (GetTimeoutError, RayActorError) as error:
            logger.warning("{} did not stop in order: {}", name, type(error).__name__)
            silent.append(name)
    for handle in house.handles.values():
        handle.actor.__ray_terminate__.remote()
    ray.shutdown()
    return silent
