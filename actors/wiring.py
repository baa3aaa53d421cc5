"""The one place where plain classes become Ray actors: names, peers, resources, restarts, secrets, flags.

Laws (docs/operations.md says what was measured)
- An own local Ray with token authentication, own namespace and temporary folder; never `ray stop`, never a cluster by
  accident.
- Actors reserve no CPU, restart for ever, and no call is retried by Ray: `actors.peers` and the actors' own idempotence
  do that, where it is right.
- Keys go to the executor's constructor and nowhere else, never into a runtime environment.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import ray
from loguru import logger
from ray.exceptions import ActorDiedError, GetTimeoutError, RayActorError

from actors.api_host import ApiHost
from actors.blueprint import Blueprint
from actors.executor import Executor
from actors.feed import Feed
from actors.ledger import Ledger
from actors.peers import Outcome, Peers
from actors.ray_flags import make_token
from actors.risk import RiskActor
from actors.runner import Runner
from exchanges.port import Credentials
from exchanges.registry import public_venue, trading_venue

NAMESPACE: Final = "scalp-radar"

_OBJECT_STORE_BYTES: Final = 80_000_000


class RayTransport:
    """Peers by their Ray names, looked up again when one was replaced."""

    def __init__(self) -> None:
        self._handles: dict[str, Any] = {}

    def handle(self, peer: str) -> Any:
        """The actor of that name. Raises LookupError when there is none."""
        found = self._handles.get(peer)
        if found is None:
            try:
                found = self._handles[peer] = ray.get_actor(peer, namespace=NAMESPACE)
            except ValueError as error:
                raise LookupError(peer) from error
        return found

    def remote(self, peer: str, method: str, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        """The reference of a call."""
        return getattr(self.handle(peer), method).remote(*arguments, **named)

    def result(self, reference: Any, timeout_s: float) -> Any:
        """The outcome, waited for."""
        try:
            return ray.get(reference, timeout=timeout_s)
        except GetTimeoutError as error:
            raise TimeoutError(str(error)) from error
        except RayActorError as error:
            self._forget(error)
            raise LookupError(str(error)) from error

    def watch(self, reference: Any, done: Callable[[Outcome], None]) -> None:
        """Report what became of a call, from one of Ray's threads."""

        def ended(future: Any) -> None:
            error = future.exception()
            if error is None:
                done(Outcome.DONE)
            elif isinstance(error, RayActorError):
                self._forget(error)
                done(Outcome.LOST)
            else:
                logger.error("a message failed at its receiver: {}", error)
                done(Outcome.FAILED)

        reference.future().add_done_callback(ended)

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        """Call from a thread of its own."""
        timer = threading.Timer(delay_s, call)
        timer.daemon = True
        timer.start()

    def lock(self) -> Any:
        """A lock between Ray's threads and ours."""
        return threading.Lock()

    def _forget(self, error: BaseException) -> None:
        if isinstance(error, ActorDiedError):
            self._handles.clear()


def _peers(logs: str, name: str) -> Peers:
    """Peers of this process, after its log has been set up."""
    log_to(Path(logs), name)
    return Peers(RayTransport())


def log_to(folder: Path, name: str) -> None:
    """Everything logged in this process goes to a rotating JSON file; warnings to standard error too."""
    logger.remove()
    logger.add(
        folder / f"{name.replace(':', '-')}.jsonl", serialize=True, rotation="10 MB", retention=5, level="INFO",
        diagnose=False,  # tracebacks without values: they may hold secrets
    )
    logger.add(sys.stderr, level="WARNING", diagnose=False)


class FeedActor(Feed):
    """The feed in its own process: goes by itself, after a restart too."""

    def __init__(self, blueprint: Blueprint, logs: str) -> None:
        feed = blueprint.feed
        venue = partial(public_venue, blueprint.exchange_name, blueprint.exchange)
        super().__init__(feed, venue, _peers(logs, feed.name))
        self.start()


class ExecutorActor(Executor):
    """The executor in its own process; the only one that is given keys."""

    def __init__(self, blueprint: Blueprint, logs: str, credentials: Credentials) -> None:
        assert blueprint.executor is not None
        venue = partial(trading_venue, blueprint.exchange_name, blueprint.exchange, credentials)
        super().__init__(blueprint.executor, venue, _peers(logs, blueprint.executor.name))
        self.start()


class RunnerActor(Runner):
    """A runner in its own process; begins with its first call, when its peers are there."""

    def __init__(self, blueprint: Blueprint, strategy: str, logs: str) -> None:
        config = next(r for r in blueprint.runners if r.strategy == strategy)
        super().__init__(config, _peers(logs, config.name))


class RiskProcess(RiskActor):
    """Risk in its own process."""

    def __init__(self, blueprint: Blueprint, logs: str) -> None:
        super().__init__(blueprint.risk, _peers(logs, blueprint.risk.name))


class LedgerActor(Ledger):
    """The ledger in its own process."""

    def __init__(self, url: str, logs: str) -> None:
        log_to(Path(logs), "ledger")
        super().__init__(url)


class ApiActor(ApiHost):
    """The api host in its own process: serves as soon as it can reach its peers."""

    def __init__(self, blueprint: Blueprint, logs: str, port: int, api_key: str | None) -> None:
        log_to(Path(logs), "api")
        super().__init__(blueprint.facts, port=port, api_key=api_key)
        self._beginning = asyncio.get_running_loop().create_task(self._begin(blueprint.risk.name))

    async def _begin(self, risk: str) -> int:
        transport = RayTransport()
        while True:
            try:
                self.connect(transport.handle("ledger"), transport.handle(risk))
                break
            except LookupError:
                await asyncio.sleep(0.05)
        return await self.start()

    async def port(self) -> int:
        """The port it serves on, once it does. Raises ConfigurationError when it is taken."""
        return await asyncio.shield(self._beginning)


class House(NamedTuple):
    """Running actors: handles by name, in the order in which they are stopped."""

    handles: dict[str, Any]
    folder: Path

    def transport(self) -> RayTransport:
        """A way to call them by name."""
        return RayTransport()


def start_ray(*, dashboard: bool = False) -> None:
    """An own local Ray with a temporary folder of its own; `actors.ray_flags.set_flags` came before."""
    make_token()
    ray.init(
        address="local", namespace=NAMESPACE, include_dashboard=dashboard, dashboard_host="127.0.0.1",
        object_store_memory=_OBJECT_STORE_BYTES, log_to_driver=False, logging_level="ERROR",
        _temp_dir=tempfile.mkdtemp(prefix="scalp-radar-"),
    )


def build(
    blueprint: Blueprint, folder: Path, *, port: int, api_key: str | None, credentials: Credentials | None
) -> House:
    """Create every actor, all at once; returns before they are ready."""
    logs = str(folder / "logs")
    Path(logs).mkdir(parents=True, exist_ok=True)
    handles: dict[str, Any] = {}

    def create(name: str, cls: type, *arguments: Any) -> None:
        handles[name] = ray.remote(cls).options(
            name=name, namespace=NAMESPACE, num_cpus=0, max_restarts=-1, max_task_retries=0,
        ).remote(*arguments)

    if blueprint.executor is not None and credentials is not None:
        create(blueprint.executor.name, ExecutorActor, blueprint, logs, credentials)
    create(blueprint.risk.name, RiskProcess, blueprint, logs)
    for runner in blueprint.runners:
        create(runner.name, RunnerActor, blueprint, runner.strategy, logs)
    create(blueprint.feed.name, FeedActor, blueprint, logs)
    create("ledger", LedgerActor, f"sqlite:///{folder.resolve()}/ledger.sqlite", logs)
    create("api", ApiActor, blueprint, logs, port, api_key)
    return House(handles, folder)


def await_ready(house: House, blueprint: Blueprint, timeout_s: float) -> None:
    """Returns when everything trades. Raises GetTimeoutError, or what an actor raised."""
    waits = [house.handles["api"].port.remote(), house.handles[blueprint.feed.name].ready.remote()]
    ray.get(waits, timeout=timeout_s)
    waits = [house.handles[r.name].start.remote() for r in blueprint.runners]
    waits.append(house.handles[blueprint.risk.name].start.remote())
    if blueprint.executor is not None:
        waits.append(house.handles[blueprint.executor.name].ready.remote())
    ray.get(waits, timeout=timeout_s)


def stop(house: House, *, each_s: float = 4.0) -> list[str]:
    """Stop actors in order, each awaited, then end Ray; names of those that did not answer in time."""
    silent = []
    for name, handle in house.handles.items():
        try:
            ray.get(handle.stop.remote(), timeout=each_s)
        except (GetTimeoutError, RayActorError) as error:
            logger.warning("{} did not stop in order: {}", name, type(error).__name__)
            silent.append(name)
    for handle in house.handles.values():
        handle.__ray_terminate__.remote()
    ray.shutdown()
    return silent
