"""The api host's process."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from actors.api_host import ApiHost
from actors.api_optimizer import Wanted
from actors.api_research import open_results
from actors.read_model import Facts
from actors.wiring.log import log_to
from actors.wiring.transport import RayTransport

_BEHIND: Final = 5
"""Trading goes first where cores are short, however many look on."""

if TYPE_CHECKING:
    from market.store import CandleStore
    from optimization.result_store import ResultStore


def _opened(root: Path) -> ResultStore:
    # Here, since loading it shuts Arrow out, which only Ray's own start of this process should do.
    from actors.wiring.lean import readmit

    readmit()  # results are Arrow files
    return open_results(root)


def _candles(root: str) -> CandleStore:
    # Here for the same reason, and since nobody may ever ask.
    from actors.wiring.lean import readmit

    readmit()
    from market.store import CandleStore

    return CandleStore(root)


class ApiActor(ApiHost):
    """The api host in its own process: serves as soon as it can reach its peers."""

    def __init__(
        self, facts: Facts, risk: str, logs: str, port: int, api_key: str | None, results: str,
        beginning: str,
    ) -> None:
        log_to(Path(logs), "api")
        os.nice(_BEHIND)
        optimizer = Wanted(beginning, Path(results) / "results.sqlite") if beginning else None
        super().__init__(
            facts, port=port, api_key=api_key, opening=partial(_opened, Path(results)), optimizer=optimizer,
            candles=partial(_candles, facts.candles) if facts.candles else None,
        )
        self._beginning = asyncio.get_running_loop().create_task(self._begin(risk))

    async def _begin(self, risk: str) -> int:
        transport = RayTransport()
        while True:
            try:
                self.connect(transport.handle("ledger"), transport.handle(risk), transport.handle)
                break
            except LookupError:
                await asyncio.sleep(0.05)
        return await self.start()

    async def port(self) -> int:
        """The port it serves on, once it does. Raises ConfigurationError when it is taken."""
        return await asyncio.shield(self._beginning)
