"""An API host with results and an optimizer of its own, in a thread of this process; no trading beside it."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from actors.api_host import ApiHost
from actors.api_optimizer import Wanted
from actors.api_research import open_results
from actors.ledger import Ledger
from actors.read_model import Facts
from optimization import run_file
from optimization.result_store import ResultStore
from optimization.results import kept
from scripts.configuration import read_settings
from tests.api.rig import KEY, RecordingRisk
from tests.cli.outcomes import outcome
from tests.dashboard.browser import ROOT
from tests.local_handles import LocalHandle
from tests.messages import T0

END_MS: Final = 1_735_689_600_000
"""Of the lab's synthetic history."""
_WINDOWS: Final = 2


class Lab:
    """``url`` serves the dashboard; ``results`` is where runs are."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.results = folder, folder / "results"
        self.results.mkdir(parents=True, exist_ok=True)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        settings = read_settings(ROOT / "config")
        beginning = json.dumps({
            "settings": settings.model_dump(mode="json"), "synthetic": [1, END_MS], "results": str(self.results),
            "logs": str(folder / "logs"), "yielding": False, "folders": [],
        })
        self._ledger = self._do(self._opened())
        self._host = ApiHost(
            Facts("demo", ("BTC-USDT",), {"envelope_dca": "1h"}, ("feed",)), api_key=KEY,
            opening=lambda: open_results(self.results), optimizer=Wanted(beginning, self.results / "results.sqlite"),
        )
        self._host.connect(LocalHandle(self._ledger), LocalHandle(RecordingRisk()))
        self.url = f"http://127.0.0.1:{self._do(self._host.start())}"

    def keep_large(self, sizes: tuple[int, ...]) -> str:
        """Store a run with a combination for each cell of a grid of ``sizes``; its fingerprint."""
        rows = int(np.prod(sizes))
        codes = np.stack(np.unravel_index(np.arange(rows), sizes), axis=1)
        rng = np.random.default_rng(1)
        columns: dict[str, Any] = {
            f"param.p{i}": pa.DictionaryArray.from_arrays(
                pa.array(codes[:, i].astype(np.int32)), pa.array([round(0.01 * (v + 1), 4) for v in range(size)])
            )
            for i, size in enumerate(sizes)
        }
        columns["born"] = pa.array(np.zeros(rows, np.int32))
        hill = 2.0 - np.abs(codes - np.array(sizes) / 2).sum(axis=1) / len(sizes)
        for part in run_file.PARTS:
            for window in range(_WINDOWS):
                sharpe = hill + rng.normal(0, 0.3, rows)
                values = {"sharpe": sharpe, "return": hill / 10, "drawdown": np.full(rows, 0.1)}
                for name, figures in values.items():
                    columns[f"{part}.{name}.{window}"] = pa.array(figures.astype(np.float32))
                columns[f"{part}.trades.{window}"] = pa.array(rng.integers(0, 60, rows).astype(np.int32))
        made = kept(outcome(1, edge=0.3, days=420), T0, "lab")
        detail = {**made.run.detail}
        fingerprint = hashlib.sha256(repr(sizes).encode()).hexdigest()  # pages name runs by its first digits
        run = dataclasses.replace(
            made.run, fingerprint=fingerprint, combinations=rows, windows=_WINDOWS, params={}, detail=detail,
            symbol="ETH-USDT",
        )
        packed = run_file.pack(run_file.Kept(run, made.windows[:_WINDOWS], pa.table(columns)))
        store = ResultStore(self.results)
        store.receive(packed)
        store.close()
        return fingerprint

    def close(self) -> None:
        """End everything; safe to call once."""
        self._do(self._host.stop())
        self._ledger.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _opened(self) -> Ledger:
        return Ledger(f"sqlite:///{self.folder}/ledger.db")

    def _do(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(60)
