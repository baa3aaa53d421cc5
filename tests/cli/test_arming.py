"""A start with real money, up to where it would begin: the account is the local exchange's."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from actors.executor_preflight import Check, Report
from actors.parts import Past
from core.errors import ConfigurationError, InputError, VenueError
from core.selection import Decision
from core.settings import Settings
from exchanges.port import Credentials
from sandbox.config import AccountConfig
from scripts.agreeing import Armed, agreed
from scripts.arming import Places, arm
from scripts.configuration import load_settings
from scripts.local_exchange import LocalExchange
from scripts.main import build
from storage.database import open_database
from storage.research import open_research
from strategies.discovery import find
from tests.messages import CRITERION, equity, trade
from tests.research import run

ROOT = Path(__file__).parents[2]
ACCOUNT = AccountConfig()
KEYS = Credentials(ACCOUNT.key, ACCOUNT.secret, ACCOUNT.passphrase)
NAME = "envelope_dca"


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    local = LocalExchange(["--symbols", "BTC-USDT,ETH-USDT"], tmp_path_factory.mktemp("exchange") / "log")
    yield local.listening()
    local.stop()


@pytest.fixture
def config(exchange: str, tmp_path: Path) -> Path:
    """The configuration as it comes, on two symbols, with the local exchange for the real one."""
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config", folder)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    file = folder / "exchanges.yaml"
    file.write_text(
        file.read_text().replace("rest_url: null", f"rest_url: {exchange}")
        .replace("ws_url: null", f"ws_url: {exchange.replace('http', 'ws')}")
    )
    return folder


def settings_of(config: Path) -> Settings:
    """With the one strategy on the exchange's two symbols."""
    settings = load_settings(config)
    entry = settings.strategies.strategies[NAME].model_copy(update={"symbols": ("BTC-USDT", "ETH-USDT")})
    chosen = settings.strategies.model_copy(update={"strategies": {NAME: entry}})
    return settings.model_copy(update={"strategies": chosen})


def armed_of(settings: Settings, folder: Path) -> Armed:
    entry = settings.strategies.strategies[NAME]
    params = find(NAME).Params(**entry.params).model_dump(mode="json")
    places = Places(folder / "paper", folder / "live", folder / "results.sqlite", "strategies.yaml")
    return arm(settings, {NAME: "1h"}, {NAME: dict.fromkeys(entry.symbols, params)}, KEYS, places)


def judged(folder: Path, settings: Settings) -> None:
    """An open gate for BTC with the configured parameters, and three good trades in paper mode."""
    entry = settings.strategies.strategies[NAME]
    params = find(NAME).Params(**entry.params).model_dump(mode="json")
    research = open_research(f"sqlite:///{folder}/results.sqlite")
    research.save_run(run(
        ts_ms=4_000_000_000_000, params=params, detail={"job": {"costs": {"leverage": entry.leverage}}}
    ), ())
    research.close()
    (folder / "paper").mkdir()
    database = open_database(f"sqlite:///{folder}/paper/ledger.sqlite")
    database.record([*(trade(i, net=40.0) for i in range(3)), equity(equity=10_120.0)])
    database.close()


def test_who_may_open_follows_from_verdicts_and_paper_mode_and_limits_are_agreed_to_and_looking_changes_nothing(
    config: Path, tmp_path: Path
) -> None:
    settings = settings_of(config)
    first = armed_of(settings, tmp_path)
    assert not any(d.may_open for d in first.decisions)
    assert not [p for p in tmp_path.iterdir() if p.name not in ("config", "examples")]
    judged(tmp_path, settings)
    armed = armed_of(settings, tmp_path)
    assert armed.digest == first.digest
    assert [(d.symbol, d.may_open) for d in armed.decisions] == [("BTC-USDT", True), ("ETH-USDT", False)]
    assert [c.code for c in armed.decisions[1].failed] == ["verdict"]
    assert armed.past == {NAME: Past(3, pytest.approx(0.012), 120.0, 0.0)}
    found = {check.name: check.found for check in armed.report.checks}
    assert found["account type"] == "classic"
    assert found["balance"].startswith("10000.00 USDT")
    assert not armed.report.refused
    risk = settings.risk.model_copy(update={"max_positions": 9})
    assert armed_of(settings.model_copy(update={"risk": risk}), tmp_path).digest != first.digest


def test_nobody_who_could_ever_trade_is_an_error_of_the_strategies_file(config: Path, tmp_path: Path) -> None:
    settings = settings_of(config)
    entry = settings.strategies.strategies[NAME].model_copy(update={"live_eligible": False})
    chosen = settings.strategies.model_copy(update={"strategies": {NAME: entry}})
    with pytest.raises(ConfigurationError, match=r"strategies\.yaml: live_eligible = False"):
        armed_of(settings.model_copy(update={"strategies": chosen}), tmp_path)


def test_keys_that_the_exchange_does_not_know_are_told_as_such(config: Path, tmp_path: Path) -> None:
    settings = settings_of(config)
    places = Places(tmp_path, tmp_path, tmp_path / "none", "strategies.yaml")
    with pytest.raises(VenueError):
        arm(settings, {NAME: "1h"}, {}, Credentials("nobody", "x", "y"), places)


def test_a_start_where_nobody_can_be_asked_ends_before_anything_is_started(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    for name, value in {
        "LIVE_TRADING": "true", "BITGET_API_KEY": ACCOUNT.key, "BITGET_API_SECRET": ACCOUNT.secret,
        "BITGET_API_PASSPHRASE": ACCOUNT.passphrase, "SCALP_RADAR_STATE": str(state), "COLUMNS": "220",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(build(), ["up", "--mode", "live", "--port", "0", "--config", str(config)])
    assert result.exit_code == 2, result.output
    assert "--yes = False: must be given" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "no walk-forward verdict of envelope_dca on BTC-USDT" in result.stdout
    assert "max_positions 5" in result.stdout
    assert ACCOUNT.secret not in result.output
    assert not state.exists()


ARMED = Armed(
    Report((Check("balance", "100.00 USDT, 100.00 free", "at least 100 USDT", "ok"),)),
    (Decision(NAME, "BTC-USDT", False, 1.0, (CRITERION,)),), {}, "d1",
)


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def settings() -> Settings:
    return load_settings(ROOT / "config")


def asked(
    armed: Armed, settings: Settings, folder: Path, typed: str | None, monkeypatch: Any, yes: bool = False
) -> bool:
    monkeypatch.setattr(sys, "stdin", Terminal(typed) if typed is not None else io.StringIO(""))
    return agreed(armed, settings, folder, yes=yes)


@pytest.mark.parametrize(("typed", "expected"), [("y\n", True), ("yes\n", True), ("n\n", False), ("\n", False)])
def test_somebody_at_a_terminal_is_asked_and_nothing_is_the_same_as_no(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, expected: bool
) -> None:
    folder = tmp_path / "live"
    assert asked(ARMED, settings, folder, typed, monkeypatch) is expected
    assert folder.exists() is expected


def test_who_agreed_once_is_asked_again_only_when_something_else_would_be_traded(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked(ARMED, settings, tmp_path, None, monkeypatch, yes=True)
    assert asked(ARMED, settings, tmp_path, None, monkeypatch)
    with pytest.raises(ConfigurationError, match="--yes"):
        asked(ARMED._replace(digest="d2"), settings, tmp_path, None, monkeypatch)


def test_an_account_that_must_not_be_traded_is_refused_whoever_agrees(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = Report((Check("key permissions", "may withdraw", "may not withdraw", "refuse"),))
    with pytest.raises(InputError, match="key permissions: may withdraw"):
        asked(ARMED._replace(report=bad), settings, tmp_path / "live", "y\n", monkeypatch, yes=True)
    assert not (tmp_path / "live").exists()


def test_a_broken_note_of_an_agreement_is_none(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "agreed.json").write_text("[1")
    with pytest.raises(ConfigurationError):
        asked(ARMED, settings, tmp_path, None, monkeypatch)
    (tmp_path / "agreed.json").write_text(json.dumps({"digest": "d1"}))
    assert asked(ARMED, settings, tmp_path, None, monkeypatch)
