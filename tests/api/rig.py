"""The API over a real read model and database, with a risk actor that only remembers what it was told."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from actors.api_gateway import ModelGateway
from actors.api_research import ResearchReader
from actors.ledger import Ledger
from actors.read_model import Facts, ReadModel
from api.app import create_app
from core.messages import ActorBeat
from optimization.result_store import ResultStore
from tests import messages
from tests.local_handles import LocalHandle
from tests.messages import T0

KEY = "correct horse battery"
NOW = 1_800_000_000_000
"""Wall clock of the tests (UTC ms)."""

FACTS = Facts("demo", ("BTC-USDT",), {"envelope_dca": "1h"}, ("feed",), versions={"scalp-radar": "0.1.0"})


class RecordingRisk:
    """Remembers commands; ``error`` is raised instead when set."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []
        self.error: Exception | None = None

    def halt(self, symbol: str, reason: str, by: str) -> None:
        self._tell("halt", symbol, reason, by)

    def reduce(self, symbol: str, reason: str, by: str) -> None:
        self._tell("reduce", symbol, reason, by)

    def close(self, symbol: str, reason: str, by: str) -> None:
        self._tell("close", symbol, reason, by)

    def reset(self, switch: str) -> None:
        self._tell("reset", switch)

    def resume(self, symbol: str) -> None:
        self._tell("resume", symbol)

    def _tell(self, *words: str) -> None:
        if self.error is not None:
            raise self.error
        self.told.append(words)


@functools.cache
def _empty() -> Path:
    """Databases without rows, made once a process: most of the time of making one is migrations."""
    folder = Path(tempfile.mkdtemp(prefix="scalp-radar-rig-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Ledger(f"sqlite:///{folder}/ledger.db").stop()
    ResultStore(folder / "research", clock_ms=lambda: NOW).close()
    return folder


class Rig:
    """Everything, and a client on it. ``now_ms`` may be moved."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.now_ms = NOW
        self.state = ReadModel(FACTS)
        shutil.copytree(_empty(), folder, dirs_exist_ok=True)
        self.ledger = Ledger(f"sqlite:///{folder}/ledger.db")
        self.results = ResultStore(folder / "research", clock_ms=lambda: self.now_ms)
        self.research = ResearchReader(options.pop("opening", lambda: self.results))
        self.risk = RecordingRisk()
        self.ledger_handle, self.risk_handle = LocalHandle(self.ledger), LocalHandle(self.risk)
        self.gateway = ModelGateway(
            self.state, self.ledger_handle, self.risk_handle, lambda: self.now_ms,
            answer_s=options.pop("answer_s", 2.0), research=self.research,
            queue=options.pop("queue", None), candles=options.pop("candles", None),
        )
        self.app = create_app(self.gateway, options.pop("api_key", KEY), **options)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")

    def tell(self, *events: object) -> None:
        """Messages to the read model and the ledger alike."""
        self.ledger.record(events)
        for event in events:
            self.state.apply(event, self.now_ms)

    async def close(self) -> None:
        await self.client.aclose()
        await self.gateway.close()
        self.research.close()
        self.results.close()
        self.ledger.stop()


def well() -> Iterator[object]:
    """Messages after which nothing is wrong."""
    yield ActorBeat(NOW, 1, "feed", "ok")
    yield messages.candles(T0)
    yield messages.protection()
    yield messages.plan(filled=1, quantity=0.02)
