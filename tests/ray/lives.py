"""Several lives of the whole system on one exchange and one ledger: each but the last ends by kill -9 of Ray or driver.

``python -m tests.ray.lives URL ADMIN_KEY KIND STATE HOURS MINUTES VICTIM`` is one life, composed as ``scalp-radar up``
does it: head and driver under one parent. It drives the market to so many minutes after the opening and kills
``raylet``, ``gcs_server`` or its own ``driver`` in the middle of one; ``nobody`` proves at the end what must be true of
all lives together.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil

from actors.lockstep import Venue
from actors.wiring.flags import set_flags
from core.timeframe import MINUTE_MS
from tests.actors.street import START_MS

_IN_THE_MIDDLE_S = 0.003


async def live(where: tuple[str, str, str], state: Path, hours: int, minutes: int, victim: str) -> dict[str, Any]:
    """What came of a life that ended by itself."""
    # Here, since they import Ray, which reads its flags at import.
    from tests.ray.world import furnished

    url, key, kind = where
    async with furnished(url, key, kind, state) as world:
        now = int((await world.admin.clock())["time"])
        began = (now - START_MS) // MINUTE_MS  # the minute in progress is walked to its end
        lockstep = world.lockstep(Venue(world.admin.advance, world.admin.fills))
        await lockstep.settled(now)
        for _ in range(minutes - began):
            await lockstep.minute()
        if victim == "nobody":
            return {"trades": await world.prove(hours)}
        step = asyncio.create_task(lockstep.minute())
        await asyncio.sleep(_IN_THE_MIDDLE_S)
        _kill(victim)
        await asyncio.gather(step, return_exceptions=True)
        await asyncio.sleep(60)  # the parent ends this process too
    raise AssertionError(f"outlived {victim}")


def _kill(victim: str) -> None:
    if victim == "driver":
        os.kill(os.getpid(), signal.SIGKILL)
    family = psutil.Process(os.getppid()).children(recursive=True)
    (process,) = [p for p in family if p.name() == victim]
    process.kill()


def main() -> int:
    """One life; its exit code is the parent's."""
    url, key, kind, state, hours, minutes, victim = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        os.environ["TMPDIR"] = folder
        tempfile.tempdir = None
        set_flags(Path(folder))
        from actors.wiring.family import Address, head_and_driver

        def drive(address: Address) -> int:
            from actors.wiring import house

            head = ""
            while not head:
                head = address(0.2)
            house.join(head)
            found = asyncio.run(live((url, key, kind), Path(state), int(hours), int(minutes), victim))
            sys.stdout.write(json.dumps(found) + "\n")
            sys.stdout.flush()
            return 0

        return head_and_driver(drive)


if __name__ == "__main__":
    sys.exit(main())
