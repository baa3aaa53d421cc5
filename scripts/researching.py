"""What the running system may optimise: stored candles, or a synthetic history where a demo has none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

from scripts.configuration import strategy_folders
from scripts.launch_checks import Checked
from scripts.local_market import SYNTHETIC_START_MS
from scripts.options import parse_when, store_root
from scripts.running import results_root

SYNTHETIC: Final = "synthetic"
"""Folder of a demo's results below that of the others: what is found in an invented market opens no gate."""


class Researching(NamedTuple):
    """How the optimizer begins (JSON of `actors.optimizer_desk.Beginning`), and where its results are."""

    beginning: str
    results: Path


def researching(checked: Checked, folder: Path, state: Path) -> Researching:
    """The candles of ``--data``, else those of the store, else, in a demo, drawn ones; ``state`` : of this run."""
    wanted, settings = checked.wanted, checked.settings
    data = wanted.data or store_root()
    remote = "://" in data
    invented = checked.mode == "demo" and wanted.data is None and not remote and not Path(data).is_dir()
    results = (results_root() / SYNTHETIC if invented else results_root()).resolve()
    begins_ms = parse_when(wanted.from_, "--from") if wanted.from_ is not None else SYNTHETIC_START_MS
    words: dict[str, Any] = {
        "settings": settings.model_dump(mode="json"), "results": str(results), "logs": str(state / "logs"),
        "folders": [str(Path(p).resolve()) for p in strategy_folders(settings, folder)],
        "data": data if remote else str(Path(data).resolve()), "exchange": wanted.exchange,
        "synthetic": (wanted.seed, begins_ms) if invented else None,
    }
    return Researching(json.dumps(words), results)
