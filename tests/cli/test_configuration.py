"""Every wrong configuration is one line that names file, key, value and what is allowed, and exit code 2."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.errors import ConfigurationError
from core.settings import StrategyEntry
from scripts.configuration import load_settings, read_settings
from scripts.strategy_checks import parameters
from strategies.discovery import discover
from tests.cli.command import REPOSITORY, Said, changed, copied_config, installed_scalp_radar, scalp_radar, snapshot

Tree = dict[str, Any]
Change = Callable[[Tree], object]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return copied_config(tmp_path)


def check(config: Path, *more: str) -> Said:
    return scalp_radar("config", "check", "--config", config, *more)


def put(*path: str | int, value: Any) -> Change:
    """A change that sets a place in the tree."""

    def change(tree: Any) -> None:
        for part in path[:-1]:
            tree = tree[part]
        tree[path[-1]] = value

    return change


def drop(*path: str | int) -> Change:
    """A change that removes a place in the tree."""

    def change(tree: Any) -> None:
        for part in path[:-1]:
            tree = tree[part]
        del tree[path[-1]]

    return change


def test_the_shipped_configuration_is_sound() -> None:
    settings = load_settings(REPOSITORY / "config")
    assert settings.assets.symbols == ("BTC-USDT", "ETH-USDT", "SOL-USDT", "DOGE-USDT", "LINK-USDT")
    assert [n for n, e in settings.strategies.strategies.items() if e.enabled] == ["envelope_dca"]
    for asset in settings.assets.assets:
        assert asset.instrument is not None
        for low, high in zip(asset.instrument.tiers, asset.instrument.tiers[1:], strict=False):
            edge = low.max_notional
            assert edge * low.rate - low.deduction == pytest.approx(edge * high.rate - high.deduction)


WRONG = [
    ("risk.yaml", put("max_postions", value=3), "max_postions = 3: unknown key; did you mean 'max_positions'?"),
    ("risk.yaml", put("max_positions", value="many"), "max_positions = 'many': must be a valid integer"),
    ("risk.yaml", put("max_positions", value="3"), "max_positions = '3': must be a valid integer"),
    ("risk.yaml", put("risk_per_trade", value=True), "risk_per_trade = True: must be a valid number"),
    ("risk.yaml", put("risk_per_trade", value=1.5), "risk_per_trade = 1.5: must be less than or equal to 1"),
    ("risk.yaml", put("margin_mode", value="cross"), "margin_mode = 'cross': must be 'isolated' or 'crossed'"),
    ("assets.yaml", put("assets", 0, "symbol", value="BTCUSDT"), "assets.0.symbol = 'BTCUSDT': String should match"),
    ("assets.yaml", put("assets", 1, "symbol", value="BTC-USDT"), "assets.1.symbol = 'BTC-USDT': stands twice"),
    ("assets.yaml", put("assets", 2, "group", value="x"), "assets.2.group = 'x': unknown group; known are majors, "),
    ("assets.yaml", put("timeframes", value=["1m", "1y"]), "timeframes.1 = '1y': timeframe '1y': allowed is a number"),
    ("assets.yaml", drop("groups"), "groups = None: required, but missing"),
    (
        "assets.yaml",
        put("assets", 0, "instrument", "tik", value=1),
        "assets.0.instrument.tik = 1: unknown key; did you mean 'tick'?",
    ),
    (
        "assets.yaml",
        put("assets", 0, "instrument", "symbol", value="ETH-USDT"),
        "assets.0.instrument.symbol = 'ETH-USDT': not the asset's, BTC-USDT",
    ),
    (
        "assets.yaml",
        put("assets", 0, "instrument", "max_leverage", value=2),
        "assets.0.leverage = 5.0: above the instrument's max_leverage 2",
    ),
    (
        "assets.yaml",
        put("assets", 0, "instrument", "tiers", value=[[2, 0.1, 0], [1, 0.2, 0]]),
        "assets.0.instrument.tiers = [2.0, 1.0]: at least one, their notionals growing",
    ),
    ("tiers.yaml", put("tables", "BTC-USDT", 0, "since", value="June"), "tables.BTC-USDT.0.since = 'June': "),
    (
        "tiers.yaml",
        put("tables", "BTC-USDT", 0, "steps", value=[[2, 0.1], [1, 0.2]]),
        "notionals and rates must grow from step to step",
    ),
    ("tiers.yaml", put("tables", "BTC-USDT", 0, "stepps", value=[]), "unknown key; did you mean 'steps'?"),
    ("exchanges.yaml", put("default", value="bitgte"), "default = 'bitgte': unknown exchange; known are bitget"),
    ("exchanges.yaml", put("exchanges", "bitget", "rate", "trade", value=0), "must be greater than 0"),
    ("optimization.yaml", put("windows", value=60), "windows = 60: must be an object"),
    ("optimization.yaml", put("objective", value="luck"), "objective = 'luck': must be 'sharpe'"),
    ("optimization.yaml", put("gate", value={"pbo": 2}), "gate.pbo = 2: must be less than or equal to 1"),
    ("optimization.yaml", put("windows", "step_days", value=30), "windows.step_days = 30: below out_of_sample_days"),
    (
        "optimization.yaml",
        put("strategies", value={"envelope_dca": {"windows": {"step_days": 30}}}),
        "strategies.envelope_dca.windows.step_days = 30: below out_of_sample_days, 60",
    ),
    (
        "optimization.yaml",
        put("strategies", value={"envelop_dca": {}}),
        "strategies.envelop_dca = 'envelop_dca': not in strategies.yaml; known are envelope_dca",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "symbols", value=["XRP-USDT"]),
        "strategies.envelope_dca.symbols = 'XRP-USDT': not in assets.yaml; known are BTC-USDT, ",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "per_asset", value={"XRP-USDT": {}}),
        "strategies.envelope_dca.per_asset = 'XRP-USDT': not in assets.yaml; known are BTC-USDT, ",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "leverage", value=10),
        "strategies.envelope_dca.leverage = 10.0: above BTC-USDT's 5",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "timeframe", value="2h"),
        "strategies.envelope_dca.timeframe = '2h': not in assets.yaml: 1m, 5m, 15m, 1h, 4h",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelop_dca", value={"enabled": True}),
        "strategies = 'envelop_dca': unknown strategy; did you mean 'envelope_dca'?",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "params", "ma_perod", value=7),
        "strategies.envelope_dca.params.ma_perod = 7: unknown key; did you mean 'ma_period'?",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "params", "ma_period", value=7.5),
        "strategies.envelope_dca.params.ma_period = 7.5: must be a valid integer",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "per_asset", value={"DOGE-USDT": {"ma_period": 1}}),
        "strategies.envelope_dca.per_asset.DOGE-USDT.ma_period = 1: must be greater than or equal to 2",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "per_asset", value={"DOGE-USDT": {"period": 5}}),
        "strategies.envelope_dca.per_asset.DOGE-USDT.period = 5: unknown parameter; did you mean 'ma_period'?",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "grid", "ma_period", value=[5, 0]),
        "strategies.envelope_dca.grid.ma_period = 0: must be greater than or equal to 2",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "grid", "ma_period", value=[]),
        "strategies.envelope_dca.grid.ma_period = []: at least one value",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "grid", "levels", value=[3]),
        "strategies.envelope_dca.grid.levels = [3]: unknown parameter; did you mean 'num_levels'?",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "symbols", value=[]),
        "strategies.envelope_dca.symbols = []: an enabled strategy needs at least one",
    ),
    (
        "strategies.yaml",
        put("strategies", "order_flow", value={}),
        "strategies = 'order_flow': is a filter: a strategy names it under `confirm`",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "confirm", value={"strategy": "order_flo", "min_score": 0.2}),
        "strategies.envelope_dca.confirm.strategy = 'order_flo': unknown filter; did you mean 'order_flow'?",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "confirm", value={"strategy": "envelope_dca_short", "min_score": 0.2}),
        "strategies.envelope_dca.confirm.strategy = 'envelope_dca_short': is traded, not a filter; known are",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "confirm", value={"strategy": "order_flow"}),
        "strategies.envelope_dca.confirm.min_score = None: required, but missing",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "confirm", value={"strategy": "order_flow", "min_score": 1.5}),
        "strategies.envelope_dca.confirm.min_score = 1.5: must be less than or equal to 1",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "confirm", value={"strategy": "order_flow", "min_score": 0}),
        "strategies.envelope_dca.confirm.min_score = 0: must be greater than 0",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "confirm", value={"strategy": "order_flow", "min_scor": 0.2}),
        "strategies.envelope_dca.confirm.min_scor = 0.2: unknown key; did you mean 'min_score'?",
    ),
    (
        "strategies.yaml",
        put("strategies", "envelope_dca", "confirm",
            value={"strategy": "order_flow", "min_score": 0.2, "params": {"lokback": 9}}),
        "strategies.envelope_dca.confirm.params.lokback = 9: unknown key; did you mean 'lookback'?",
    ),
    ("strategies.yaml", put("folders", value=["nowhere"]), "folders = 'nowhere': no such folder: "),
]


@pytest.mark.parametrize(("file", "change", "complaint"), WRONG, ids=[f"{w[0]}: {w[2][:45]}" for w in WRONG])
def test_a_wrong_value_names_file_key_value_and_what_is_allowed(
    file: str, change: Change, complaint: str, config: Path
) -> None:
    changed(config, file, change)
    before = snapshot(config)
    said = check(config)
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith(f"scalp-radar: {config / file}: ")
    assert complaint in said.err
    assert said.err.count("\n") == 1
    assert snapshot(config) == before


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("windows: [", "line "),
        ("windows:\n  step_days: 5\nwindows:\n  step_days: 6\n", "line 3 = 'windows:': key 'windows' stands twice"),
        ("- 1\n- 2\n", "file = 'list': must hold keys and values"),
        ("5: x\n", "line 1 = '5: x': key 5 is not text"),
    ],
)
def test_what_is_not_sound_yaml_is_an_error_with_its_line(text: str, complaint: str, config: Path) -> None:
    (config / "optimization.yaml").write_text(text)
    said = check(config)
    assert said.code == 2
    assert f"{config / 'optimization.yaml'}: {complaint}" in said.err
    assert said.err.count("\n") == 1


def test_an_exponent_without_a_point_is_a_number(config: Path) -> None:
    (config / "exchanges.yaml").write_text("costs: {slippage: 5e-4}\nexchanges: {bitget: {}}\n")
    assert read_settings(config).exchanges.costs.slippage == 0.0005


@pytest.mark.parametrize("name", ["strategy.yaml", "risks.yml"])
def test_a_file_that_would_be_ignored_is_an_error(name: str, config: Path) -> None:
    (config / name).write_text("")
    said = check(config)
    assert said.code == 2
    assert f"file = '{name}': unknown file; did you mean " in said.err


def test_a_missing_file_is_named(config: Path) -> None:
    (config / "assets.yaml").unlink()
    assert check(config)[::2] == (2, f"scalp-radar: {config}: file = 'assets.yaml': missing\n")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    said = check(tmp_path / "nowhere")
    assert said.code == 2
    assert f"'{tmp_path / 'nowhere'}': no such folder" in said.err


LIQUIDATED = [
    (5, {"stop_fraction": 0.25}, {}, {}, "params.stop_fraction"),
    (3, {"stop_fraction": 0.32}, {}, {}, "params.stop_fraction"),
    (3, {"stop_fraction": 0.25}, {"SOL-USDT": {"stop_fraction": 0.33}}, {}, "per_asset.SOL-USDT.stop_fraction"),
    (3, {"stop_fraction": 0.25}, {}, {"stop_fraction": [0.2, 0.4]}, "grid.stop_fraction"),
    (5, {}, {}, {}, "params.stop_fraction"),
]


@pytest.mark.parametrize(("leverage", "params", "per_asset", "grid", "key"), LIQUIDATED)
def test_a_stop_behind_the_liquidation_is_refused(
    leverage: float, params: Tree, per_asset: Tree, grid: Tree, key: str, config: Path
) -> None:
    entry = {"symbols": ["SOL-USDT"], "leverage": leverage, "params": params, "per_asset": per_asset, "grid": grid}
    changed(config, "strategies.yaml", put("strategies", "envelope_dca", value=entry))
    said = check(config)
    assert said.code == 2
    assert f"strategies.envelope_dca.{key} = " in said.err
    assert f"at leverage {leverage} SOL-USDT is liquidated" in said.err


def test_six_times_leverage_leaves_no_room_for_a_stop_of_a_quarter(config: Path) -> None:
    changed(config, "assets.yaml", put("assets", 0, "leverage", value=10))
    entry = {"symbols": ["BTC-USDT"], "leverage": 6, "params": {"stop_fraction": 0.25}}
    changed(config, "strategies.yaml", put("strategies", "envelope_dca", value=entry))
    assert "at leverage 6 BTC-USDT is liquidated 16.2% from the entry" in check(config).err


@pytest.mark.parametrize(("stop", "sound"), [(0.12, True), (0.16, False)])
def test_the_liquidation_margin_is_kept_between_stop_and_liquidation(stop: float, sound: bool, config: Path) -> None:
    # Leverage 5 and a maintenance rate of 1 %: the nearer side is liquidated at (1 + 1/5) / 1.01 - 1 = 18.8 % or less.
    changed(config, "risk.yaml", put("liquidation_margin", value=0.05))
    entry = {"symbols": ["SOL-USDT"], "leverage": 5, "params": {"stop_fraction": stop}}
    changed(config, "strategies.yaml", put("strategies", value={"envelope_dca": entry}))
    assert (check(config).code == 0) is sound


def test_a_strategys_own_timeframe_must_be_configured(config: Path) -> None:
    changed(config, "assets.yaml", put("timeframes", value=["1m", "5m"]))
    said = check(config)
    assert said.code == 2
    assert "strategies.envelope_dca.timeframe = '1h': the strategy's own, is not in assets.yaml: 1m, 5m" in said.err


def test_parameters_of_an_asset_go_before_those_of_the_strategy() -> None:
    entry = StrategyEntry(params={"ma_period": 5, "num_levels": 2}, per_asset={"DOGE-USDT": {"ma_period": 9}})
    found = {s: parameters(discover()["envelope_dca"], entry, s).model_dump() for s in ("BTC-USDT", "DOGE-USDT")}
    assert [found[s]["ma_period"] for s in found] == [5, 9]
    assert [found[s]["num_levels"] for s in found] == [2, 2]
    assert [found[s]["stop_fraction"] for s in found] == [0.25, 0.25]


def test_crossed_margin_is_not_judged_by_one_position_alone(config: Path) -> None:
    entry = {"symbols": ["SOL-USDT"], "leverage": 5, "params": {"stop_fraction": 0.25}}
    changed(config, "strategies.yaml", put("strategies", "envelope_dca", value=entry))
    assert check(config).code == 2
    changed(config, "risk.yaml", put("margin_mode", value="crossed"))
    assert check(config).code == 0


def test_config_check_prints_the_effective_configuration(config: Path) -> None:
    (config / "optimization.yaml").write_text("max_combinations: 7\n")
    said = check(config)
    assert said.code == 0
    shown = yaml.safe_load(said.out)
    assert shown["optimization"]["windows"] == {
        "in_sample_days": 180, "out_of_sample_days": 60, "step_days": 60, "anchored": False
    }
    assert shown["optimization"]["max_combinations"] == 7
    assert shown == json.loads(check(config, "--json").out)


def test_secrets_are_never_shown(config: Path) -> None:
    secret = "do-not-show-me-1234"
    env = {"BITGET_API_KEY": secret, "BITGET_API_SECRET": secret, "SCALP_RADAR_API_KEY": secret}
    said = scalp_radar("config", "check", "--config", config, "--json", env=env)
    assert secret not in said.out + said.err
    assert json.loads(said.out)["secrets"] | {"BITGET_API_PASSPHRASE": "x"} == {
        "BITGET_API_KEY": "set",
        "BITGET_API_SECRET": "set",
        "BITGET_API_PASSPHRASE": "x",
        "SCALP_RADAR_API_KEY": "set",
        "LIVE_TRADING": "false",
    }


def test_the_installed_program_answers_a_wrong_configuration_with_one_line(config: Path, tmp_path: Path) -> None:
    changed(config, "risk.yaml", put("risk_per_trad", value=0.05))
    said = installed_scalp_radar("config", "check", cwd=tmp_path)
    complaint = "config/risk.yaml: risk_per_trad = 0.05: unknown key; did you mean 'risk_per_trade'?"
    assert said == Said(2, "", f"scalp-radar: {complaint}\n")


def test_errors_are_of_one_kind(config: Path) -> None:
    changed(config, "risk.yaml", put("max_positions", value=0))
    with pytest.raises(ConfigurationError) as caught:
        load_settings(config)
    error = caught.value
    assert (error.where, error.key, error.value) == (str(config / "risk.yaml"), "max_positions", 0)
    assert error.allowed == "must be greater than or equal to 1"
