from __future__ import annotations

import gc
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from actors.wiring import shell
from actors.wiring.shell import AsyncShell, Handle, Shell

ROOT = Path(__file__).resolve().parents[2]
SHELLS = [
    shell.ExecutorActor, shell.RiskProcess, shell.RunnerActor, shell.FeedActor, shell.LedgerActor, shell.ApiActor,
    shell.MonitorActor,
]


class Inside:
    def __init__(self, first: int) -> None:
        self.first = first

    def plain(self, second: int, *, third: int = 0) -> int:
        return self.first + second + third

    async def awaited(self, second: int) -> int:
        return self.first * second


class Sync(Shell):
    home = "tests.actors.test_shell:Inside"


class Async(AsyncShell):
    home = "tests.actors.test_shell:Inside"


class FakeCall:
    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def remote(self, *arguments: Any) -> Any:
        return self._actor.call(*arguments)


class FakeActor:
    """As Ray's own handle: methods with ``remote``."""

    def __init__(self, actor: Any) -> None:
        self.call = FakeCall(actor)


def test_a_handle_looks_like_the_actor_inside_the_shell() -> None:
    handle = Handle(FakeActor(Sync(1)))
    assert handle.plain.remote(2, third=3) == 6
    with pytest.raises(AttributeError):
        _ = handle._private


def test_what_an_actor_has_loaded_is_never_looked_through_again() -> None:
    before = gc.get_freeze_count()
    inside = Sync(1)
    assert gc.get_freeze_count() > before
    assert all(thing is not inside._inside for thing in gc.get_objects())


async def test_an_asynchronous_shell_awaits_what_is_to_be_awaited() -> None:
    handle = Handle(FakeActor(Async(3)))
    assert await handle.plain.remote(2) == 5
    assert await handle.awaited.remote(2) == 6


@pytest.mark.parametrize("cls", SHELLS, ids=[c.__name__ for c in SHELLS])
def test_every_shell_has_something_of_its_own_name_inside(cls: type[Any]) -> None:
    module, _, name = cls.home.partition(":")
    assert name == cls.__name__
    assert isinstance(getattr(import_module(module), name), type)


def _loaded(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print(*{{m.split('.')[0] for m, v in sys.modules.items() if v}})"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )
    return set(done.stdout.split())


HEAVY = {"numba", "ccxt", "sqlalchemy", "sqlmodel", "uvicorn", "fastapi", "pyarrow", "scipy", "aiohttp"}


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("actors.wiring.shell", set()),
        ("actors.blueprint", set()),
        ("actors.wiring.risk", set()),
        ("actors.wiring.monitor", set()),
        ("actors.wiring.runner", {"numba"}),
        ("actors.wiring.feed", {"aiohttp", "ccxt"}),
        ("actors.wiring.ledger", {"sqlalchemy", "sqlmodel"}),
        ("actors.wiring.api", {"fastapi", "uvicorn"}),
    ],
)
def test_a_process_loads_its_own_parts_only(module: str, allowed: set[str]) -> None:
    assert _loaded(f"import actors.wiring.lean, {module}") & HEAVY <= allowed  # as Ray's workers do


def test_the_preloaded_module_makes_the_import_of_arrow_fail() -> None:
    code = "import actors.wiring.lean\ntry:\n import pyarrow\nexcept ModuleNotFoundError:\n print('none')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "none"
