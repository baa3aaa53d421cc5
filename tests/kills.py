"""Kill -9 on a real Ray: ``python -m tests.kills --minutes 2000 --seed 1``.

The whole system trades against a local exchange in lockstep; meanwhile worker processes are killed at seeded moments:
before a minute, while everybody reacts to one, right at a fill. Afterwards paper trades must equal the backtest's and
live trades the paper ones, no order may have been doubled, nothing be left over, no position have been without stop.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from actors.wiring.flags import set_flags


async def kills(minutes: int, seed: int, each: int, state: Path) -> dict[str, Any]:
    """What happened. Raises AssertionError at the first difference, TimeoutError when somebody never reacts."""
    # Here, since they import Ray, which reads its flags at import.
    from tests.actors.street import START_MS
    from tests.ray.killer import Killer
    from tests.ray.world import ray_world

    hours = -(-minutes // 60)
    began = time.monotonic()
    async with ray_world(state, hours) as world:
        ready = time.monotonic()
        killer = Killer(world, seed, each, hours * 60)
        lockstep = world.lockstep(killer.venue())
        await lockstep.settled(START_MS)
        try:
            for minute in range(hours * 60):
                await killer.minute(minute, lockstep)
            await killer.done()
        except TimeoutError as error:
            error.add_note(f"after {killer.kills}; {await world.shown()}")
            raise
        done = time.monotonic()
        counts = await world.prove(hours)
        return {
            "minutes": hours * 60, "boot_s": ready - began, "run_s": done - ready, "trades": counts,
            "kills": [kill._asdict() for kill in killer.kills],
        }


def table(done: list[dict[str, Any]]) -> list[str]:
    """Lines: actor, kills, seconds until at work again."""
    healed: dict[str, list[dict[str, Any]]] = {}
    for row in done:
        healed.setdefault(row["actor"], []).append(row)
    lines = [f"{'actor':24}{'kills':>6}{'in position':>13}{'heal p50 s':>12}{'max s':>8}"]
    for actor, rows in sorted(healed.items()):
        took = [row["heal_s"] for row in rows]
        held = sum(row["in_position"] for row in rows)
        lines.append(f"{actor:24}{len(rows):>6}{held:>13}{median(took):>12.2f}{max(took):>8.2f}")
    return lines


def main() -> int:
    """Exit code 0 when everything is equal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=2_000, help="rounded up to whole hours")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=0, help="kills of each actor; 0: one in 200 minutes, at least one")
    parser.add_argument("--none", action="store_true", help="kill nobody: parity alone")
    parser.add_argument("--state", help="folder that keeps logs and ledger")
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of the table")
    given = parser.parse_args()
    each = 0 if given.none else given.each or max(1, given.minutes // 200)
    with tempfile.TemporaryDirectory(prefix="scalp-radar-kills-") as folder:
        set_flags(Path(folder))
        found = asyncio.run(kills(given.minutes, given.seed, each, Path(given.state or folder)))
    lines = [json.dumps(found)] if given.json else [
        *table(found["kills"]),
        f"{found['minutes']} minutes in {found['run_s']:.0f} s; equal three times: backtest, paper, live; trades "
        f"{found['trades']}; no order doubled, nothing left over, no position without stop",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
