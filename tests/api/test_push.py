"""What `results push` sends arrives at a real server, once however often it is sent."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa
import pytest

from actors.api_host import ApiHost
from actors.api_research import open_results
from actors.ledger import Ledger
from api.routes.optimization import MEDIA_TYPE, RESULTS
from optimization.inflation import MAX_INFLATED_BYTES
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


async def test_a_file_that_would_inflate_to_more_than_is_allowed_is_refused_in_a_sentence_and_keeps_nothing(
    url: str, tmp_path: Path
) -> None:
    sink = pa.BufferOutputStream()
    table = pa.table({"a": np.zeros(MAX_INFLATED_BYTES // 8 + 1)})
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table)
    headers = {"X-API-Key": KEY, "Content-Type": MEDIA_TYPE}
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{url}{RESULTS}", content=sink.getvalue().to_pybytes(), headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (422, "the file: inflates to more than 268,435,456 bytes")
    assert not (tmp_path / "there" / "runs").exists()
