"""What `results push` sends arrives at a real server, once however often it is sent."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from actors.api_host import ApiHost
from actors.api_research import open_results
from actors.ledger import Ledger
from optimization.result_store import ResultStore
from optimization.results import kept
from optimization.run_file import pack
from scripts.pushing import KeyRefused, Server, push, unsent
from storage.research_records import Push
from tests.api.rig import FACTS, KEY, RecordingRisk
from tests.cli.outcomes import outcome
from tests.local_handles import LocalHandle
from tests.messages import T0

GRID = {"ma_period": (5, 7, 10), "envelope_start": (0.05, 0.07)}


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    host = ApiHost(FACTS, api_key=KEY, opening=lambda: open_results(tmp_path / "there"))
    host.connect(LocalHandle(ledger), LocalHandle(RecordingRisk()))
    yield f"http://127.0.0.1:{await host.start()}"
    await host.stop()
    ledger.stop()


@pytest.fixture
def here(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / "here")


def fill(store: ResultStore, count: int) -> None:
    made = kept(outcome(1, edge=0.3, days=420, grid=GRID), T0, "lab")
    for number in range(count):
        run = dataclasses.replace(made.run, fingerprint=f"{number:064x}", ts_ms=T0 + number)
        store.receive(pack(made._replace(run=run)))


async def sent(store: ResultStore, url: str, key: str = KEY) -> list[Push]:
    to = Server(url, key)
    return await asyncio.to_thread(lambda: list(push(store, to, unsent(store, url), lambda _: None)))


async def test_a_push_arrives_and_the_next_one_has_nothing_to_send(url: str, here: ResultStore) -> None:
    fill(here, 3)
    assert [done.state for done in await sent(here, url)] == ["delivered"] * 3
    assert await sent(here, url) == []
    async with httpx.AsyncClient() as client:
        items = (await client.get(f"{url}/api/optimization/runs")).json()["items"]
    assert [(run["origin"], run["latest"]) for run in items] == [("lab", True), ("lab", False), ("lab", False)]
    here.close()


async def test_a_push_that_lost_the_answer_is_repeated_without_a_second_copy(url: str, here: ResultStore) -> None:
    fill(here, 1)
    (run,) = here.runs().items
    for detail in ("new there", "known there"):
        (done,) = await asyncio.to_thread(lambda: list(push(here, Server(url, KEY), [run.fingerprint])))
        assert (done.state, done.detail) == ("delivered", detail)
    here.close()


async def test_a_wrong_key_is_told_and_nothing_arrives(url: str, here: ResultStore) -> None:
    fill(here, 1)
    with pytest.raises(KeyRefused, match="X-API-Key"):
        await sent(here, url, "not the right key")
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{url}/api/optimization/runs")).json()["items"] == []
    here.close()
