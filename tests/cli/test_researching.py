"""Which candles the running system optimises over; what is found in an invented market opens no gate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.optimizer_desk import Beginning
from scripts.configuration import read_settings
from scripts.launch_checks import Checked, Wanted
from scripts.local_market import SYNTHETIC_START_MS
from scripts.options import REPOSITORY
from scripts.researching import researching
from scripts.secrets import Secrets

CONFIG = REPOSITORY / "config"


@pytest.mark.parametrize(
    ("mode", "options", "store", "synthetic"),
    [
        ("demo", {}, False, True),
        ("demo", {"seed": 5}, False, True),
        ("demo", {}, True, False),
        ("demo", {"data": "dumps", "from_": "2025-03-01"}, False, False),
        ("paper", {}, False, False),
        ("live", {}, True, False),
    ],
)
def test_only_a_demo_without_candles_invents_some_and_keeps_those_results_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Any, options: dict[str, Any], store: bool, synthetic: bool
) -> None:
    monkeypatch.setenv("SCALP_RADAR_DATA", str(tmp_path / "candles"))
    monkeypatch.setenv("SCALP_RADAR_RESULTS", str(tmp_path / "results"))
    if store:
        (tmp_path / "candles").mkdir()
    given: dict[str, Any] = {"data": None, "from_": None, "seed": 1, **options}
    wanted = Wanted(
        mode=mode, exchange=None, speed=1.0, port=0, for_s=None, dashboard=False, keep=False, **given
    )
    checked = Checked(wanted, mode, read_settings(CONFIG), Secrets(_env_file=None), 0, {}, {})
    found = researching(checked, CONFIG, tmp_path / "state")
    told = Beginning.model_validate_json(found.beginning)
    assert told.settings == checked.settings
    assert told.synthetic == ((given["seed"], SYNTHETIC_START_MS) if synthetic else None)
    assert found.results == tmp_path / "results" / ("synthetic" if synthetic else "")
    assert told.results == str(found.results)
    assert told.data == str(Path(given["data"]).resolve() if given["data"] else tmp_path / "candles")
