"""What happens to a walk-forward run when something dies: ``python -m tests.ray.research SCENARIO STATE``.

A process of its own for each, since Ray reads its flags when it is imported; it prints one line of JSON.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from actors.wiring.flags import make_token, set_cluster_flags, set_flags
from scripts.main import keep_compiled_code

keep_compiled_code()

_LONGEST_S = (220, 320)
"""After so long a scenario says where it hangs, and ends; the second for several machines."""


def same(state: Path) -> dict[str, Any]:
    """Threads and Ray give one hash; two runs at once share the workers."""
    from optimization.fanout.executor import RayExecutor
    from optimization.walkforward.threads import Threads
    from tests.ray.research_job import Folder, walked

    threads = walked(Threads(2), Folder(state / "threads")).result_hash
    with RayExecutor() as executor:
        found: list[str] = []
        both = [threading.Thread(target=lambda n=n: found.append(
            walked(executor, Folder(state / f"ray{n}"), at_once=5 + n).result_hash
        )) for n in range(2)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        return {"threads": threads, "ray": found, "again": executor.given_again, "workers": executor.workers}


def worker(state: Path) -> dict[str, Any]:
    """A worker is killed with -9 in the middle."""
    from optimization.fanout.executor import RayExecutor
    from tests.ray.research_job import SLOW, Folder, walked

    def strike(puts: int) -> None:
        if puts == 8:
            os.kill(_workers()[0], signal.SIGKILL)

    with RayExecutor(home=SLOW) as executor:
        ledger = Folder(state / "chunks", strike)
        return {
            "ray": walked(executor, ledger).result_hash, "puts": ledger.puts, "again": executor.given_again,
            "lost": executor.lost,
        }


def nodes(state: Path) -> dict[str, Any]:
    """Two nodes, each with as many workers as cores and the code that was sent there; one is lost, another joins."""
    from tests.ray import crowd

    with _two_nodes() as (add, remove):
        from optimization.fanout.executor import RayExecutor

        lost = _lost_node(state, remove)
        with RayExecutor(home="tests.ray.crowd:Teller") as executor:
            told = crowd.collected(executor.evaluate(crowd.task(), crowd.chunks(60, 100), lambda *_: None))
            alone = executor.workers
            add()
            deadline = time.monotonic() + 40
            while executor.workers < 2 and time.monotonic() < deadline:
                time.sleep(0.05)
            said = sorted({text.decode() for text in told.values()})
            return {**lost, "alone": alone, "joined": executor.workers, "told": said}


def _lost_node(state: Path, remove: Callable[[], Any]) -> dict[str, Any]:
    """One of two nodes is gone in the middle, with everything on it, without a word."""
    from optimization.fanout.executor import RayExecutor
    from tests.ray.research_job import SLOW, Folder, walked

    removed: list[float] = []

    def strike(puts: int) -> None:
        if puts == 8:
            removed.append(time.monotonic())
            threading.Thread(target=remove).start()

    with RayExecutor(home=SLOW) as executor:
        ledger = Folder(state / "chunks", strike)
        found = walked(executor, ledger)
        return {
            "ray": found.result_hash, "puts": ledger.puts, "again": executor.given_again, "lost": executor.lost,
            "after_s": time.monotonic() - removed[0],
        }


def cancel(state: Path) -> dict[str, Any]:
    """Cancelled while both workers are inside compiled code, each in a chunk of many seconds."""
    from engine.costs import Costs
    from optimization.fanout.executor import RayExecutor
    from optimization.walkforward.port import Cancelled
    from tests.ray.research_job import Folder, walked

    with RayExecutor() as executor:
        walked(executor, Folder(state / "first"))
        asked: list[float] = []
        unshared = Costs(step=1e-6)  # what is rounded is walked by every combination

        def ask() -> None:
            asked.append(time.monotonic())
            executor.cancel()

        threading.Timer(3.0, ask).start()
        try:
            walked(executor, Folder(state / "second"), per_axis=28, at_once=190_000, costs=unshared)
        except Cancelled:
            gone_s = time.monotonic()
            while _workers():
                time.sleep(0.01)
            return {"raised_s": gone_s - asked[0], "gone_s": time.monotonic() - asked[0]}
        return {"raised_s": None}


def slowly(state: Path) -> dict[str, Any]:
    """A run that may be killed from outside; started again it goes on where it was."""
    from actors.wiring.session import own_ray
    from optimization.fanout.executor import RayExecutor
    from tests.ray.research_job import SLOW, Folder, walked

    ledger = Folder(state / "chunks")
    with own_ray(2), RayExecutor(home=SLOW) as executor:
        found = walked(executor, ledger)
        return {"ray": found.result_hash, "puts": ledger.puts, "hits": ledger.hits}


def machines(state: Path) -> dict[str, Any]:
    """Run on the head of `tests.ray.network`: a machine is lost in the middle, in the way that the environment says."""
    from actors.wiring.session import joined_ray
    from optimization.fanout.executor import RayExecutor
    from tests.ray import network
    from tests.ray.research_job import Folder, walked

    how, victim = os.environ["HOW"], os.environ["VICTIM"]
    struck: list[float] = []

    def strike(puts: int) -> None:
        if puts == 20 and how != "nothing":
            struck.append(time.monotonic())
            {"kill": network.kill, "cut": network.cut}[how](victim)

    with joined_ray(f"{network.HEAD_IP}:{network.PORT}"), RayExecutor() as executor:
        ledger = Folder(state / f"chunks {how}", strike)
        began = time.monotonic()
        found = walked(executor, ledger, per_axis=14, at_once=1_000)
        ended = time.monotonic()
        return {
            "ray": found.result_hash, "puts": ledger.puts, "again": executor.given_again, "lost": executor.lost,
            "took_s": ended - began, "after_s": ended - struck[0] if struck else None, "workers": executor.workers,
        }


def optimizer(state: Path) -> dict[str, Any]:
    """The actor: takes a job, is killed with -9 in its middle, comes back and ends it; refuses, cancels, stops."""
    import ray

    from actors.wiring.research import start_optimizer
    from actors.wiring.session import own_ray
    from tests.ray.research_house import furnish, request

    settings, data = furnish(state)
    many = request(*["BTC-USDT", "ETH-USDT"] * 4)
    with own_ray(2):
        def start() -> Any:
            return start_optimizer(settings, (), data, str(state / "results"), str(state / "logs"))

        def ask(method: str, *arguments: Any) -> Any:
            deadline = time.monotonic() + 60
            while True:
                try:
                    return ray.get(getattr(handle, method).remote(*arguments), timeout=60)
                except ray.exceptions.RayActorError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)

        def until(job_id: str, done: Callable[[Any], bool]) -> Any:
            deadline = time.monotonic() + 60
            while not done(job := ask("progress", job_id)) and time.monotonic() < deadline:
                time.sleep(0.05)
            return job

        handle = start()
        refused = ask("submit", {"strategy": "none"}).reason
        first = ask("submit", many).job_id
        second = ask("submit", request("BTC-USDT")).job_id
        before = until(first, lambda job: job.done >= 2)
        os.kill(_processes("ray::OptimizerProcess")[0], signal.SIGKILL)
        after = until(first, lambda job: job.ended_ms > 0)
        one = until(second, lambda job: job.ended_ms > 0)
        third = ask("submit", many).job_id
        until(third, lambda job: job.state == "running")
        began = time.monotonic()
        cancelled = ask("cancel", third)
        until(third, lambda job: job.ended_ms > 0)
        took_s = time.monotonic() - began
        states = {job.job_id: job.state for job in ask("jobs")}
        same_one = start().actor == handle.actor
        ask("stop")
        return {
            "refused": refused, "killed_at": before.done, "first": [after.state, after.done, len(after.fingerprints)],
            "second": [one.state, one.fingerprints[0] in after.fingerprints], "cancelled": cancelled,
            "cancel_s": took_s, "third": states[third], "same_one": same_one,
        }


def priority(state: Path) -> dict[str, Any]:
    """What workers say of themselves, and what becomes of mistakes."""
    from optimization.fanout.executor import RayExecutor
    from tests.ray import crowd

    def outcome(home: str, key: str) -> str:
        with RayExecutor(home=home) as executor:
            try:
                crowd.collected(executor.evaluate(crowd.task(), [crowd.named(key)], lambda *_: None))
            except Exception as error:  # noqa: BLE001 - which one it is is what is asked
                return f"{type(error).__name__}: {str(error).splitlines()[-1]}"
            return "done"

    with RayExecutor(home="tests.ray.crowd:Teller") as executor:
        told = crowd.collected(executor.evaluate(crowd.task(), crowd.chunks(8, 0), lambda *_: None))
    return {
        "told": sorted({told[key].decode() for key in told}),
        "wrong": outcome(crowd.HOME, "wrong"), "deadly": outcome(crowd.HOME, "deadly"),
        "nothing": outcome("tests.ray.nothing:Worker", "any"),
    }


def together(state: Path) -> dict[str, Any]:
    """Four scenarios one after the other on one Ray of two cores."""
    from actors.wiring.session import own_ray

    with own_ray(2):
        return {scenario.__name__: scenario(state / scenario.__name__) for scenario in (same, worker, cancel, priority)}


@contextmanager
def _two_nodes() -> Iterator[tuple[Callable[[], Any], Callable[[], Any]]]:
    """A cluster of two nodes with a core each, joined; what adds a third, and what removes the second at once."""
    from ray.cluster_utils import Cluster

    from actors.wiring.session import joined_ray

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        second = cluster.add_node(num_cpus=1)
        with joined_ray(cluster.address):
            yield (
                lambda: cluster.add_node(num_cpus=1),
                lambda: cluster.remove_node(second, allow_graceful=False),
            )
    finally:
        cluster.shutdown()


def _workers() -> list[int]:
    """Processes of workers below this one."""
    return _processes("ray::WorkerProcess")


def _processes(begins: str) -> list[int]:
    """Processes below this one whose title begins so."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            title = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if title.startswith(begins):
            found.append(process.pid)
    return found


SCENARIOS = {f.__name__: f for f in (together, nodes, slowly, machines, optimizer)}


def main() -> int:
    """Exit code 0 when the scenario came to its end, whatever it found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", choices=sorted(SCENARIOS))
    parser.add_argument("state", type=Path)
    given = parser.parse_args()
    faulthandler.dump_traceback_later(_LONGEST_S[given.scenario == "machines"], exit=True)
    given.state.mkdir(parents=True, exist_ok=True)
    if given.scenario == "machines":  # its token was put into its environment
        set_cluster_flags()
        sys.stdout.write(json.dumps(machines(given.state)) + "\n")
        return 0
    set_flags(given.state)
    make_token()
    if given.scenario == "nodes":
        set_cluster_flags()
    sys.stdout.write(json.dumps(SCENARIOS[given.scenario](given.state)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
