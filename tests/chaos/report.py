"""What campaigns came to, as tables to read and as JSON in ``var/chaos``."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.chaos.campaign import Outcome, Told
from tests.chaos.judge import Difference

FOLDER: Final = Path(__file__).resolve().parents[2] / "var" / "chaos"
PARTS: Final = {"p50": 0.5, "p99": 0.99, "max": 1.0}


def at(values: Sequence[int], fraction: float) -> int:
    """The value that so large a part of them does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(fraction * len(ordered)) - 1)] if ordered else 0


def table(told: Sequence[Told]) -> list[str]:
    """Lines: episode, faults, kills, cycles, wall ms that positions were without a stop."""
    titles = ("took s", "faults", "kills", "cycles", "positions", "p50 ms", "p99 ms", "max ms")
    lines = [f"{'episode':18}" + "".join(f"{title:>10}" for title in titles)]
    for t in told:
        times = [at(t.unprotected, part) for part in PARTS.values()]
        values = (round(t.took_s, 1), t.faults, t.kills, t.cycles, len(t.unprotected), *times)
        lines.append(f"{t.name:18}" + "".join(f"{value:>10}" for value in values))
    return lines


def named(differences: Sequence[Difference]) -> list[str]:
    """Lines: each difference with its cause."""
    return [f"{d.symbol:10}{d.what:24}because of {d.cause or '?'}" for d in differences]


def keep(
    name: str, title: str, outcome: Outcome, lines: Sequence[str] = (), differences: Sequence[Difference] = ()
) -> None:
    """Write it down as JSON beside what is shown at the end: the table, and ``lines`` below it."""
    episodes = [{
        "name": t.name, "faults": t.faults, "kills": t.kills, "cycles": t.cycles, "positions": len(t.unprotected),
        "unprotected_ms": {name: at(t.unprotected, part) for name, part in PARTS.items()},
    } for t in outcome.told]
    found: dict[str, Any] = {
        "episodes": episodes, "kills": dict(outcome.kills), "points": dict(sorted(outcome.fate.deaths.items())),
        "differences": [difference._asdict() for difference in differences],
        "title": title, "shown": [*table(outcome.told), *lines, *named(differences)],
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(found, indent=1))
