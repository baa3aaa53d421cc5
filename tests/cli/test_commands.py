"""The command line as a whole: discovery of commands, the error boundary, options, speed of ``--help``."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from core.errors import ConfigurationError, DataError, InputError, RetryLater, ScalpRadarError
from scripts import commands, main
from scripts.options import parse_symbols, parse_when
from scripts.secrets import load_secrets
from tests.cli.command import Said, changed, copied_config, installed_scalp_radar, scalp_radar

STRATEGY = '''
from pydantic import Field
from core.plan import AVERAGE, Level, Plan
from core.strategy import Parameters, Strategy


class Mine(Parameters):
    side: int = Field(1, ge=-1, le=1, description="long or short")


class Always(Strategy[Mine]):
    """Enters at every candle."""

    name, timeframe, Params = "always", "5m", Mine

    def warmup(self, params):
        return 1

    def plan(self, market, params):
        return Plan(params.side, (), (), Level(AVERAGE, -0.1))
'''


@pytest.fixture
def extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose files are commands as well."""
    monkeypatch.setattr(commands, "__path__", [str(tmp_path)])
    return tmp_path


def run(extra: Path, name: str, body: str) -> Said:
    (extra / f"{name}.py").write_text(
        f"import typer\nfrom core.errors import *\n\ndef register(app):\n"
        f"    @app.command('{name}')\n    def command():\n        {body}\n"
    )
    result = CliRunner().invoke(main.build(), [name])
    return Said(result.exit_code, result.stdout, result.stderr)


def test_a_new_file_is_a_new_command(extra: Path) -> None:
    assert run(extra, "extra_hello", "typer.echo('hello')") == Said(0, "hello\n", "")


def test_a_command_of_its_own_file_is_loaded_alone(extra: Path) -> None:
    (extra / "extra_broken.py").write_text("raise RuntimeError('is loaded')")
    for name in ("extra_alone", "extra_other"):
        (extra / f"{name}.py").write_text(
            f"import typer\n\ndef register(app):\n    app.command('{name}')(lambda: typer.echo('{name}'))\n"
        )
    assert CliRunner().invoke(main.build("extra_alone"), ["extra_alone"]).stdout == "extra_alone\n"
    with pytest.raises(RuntimeError, match="is loaded"):
        main.build("extra_unknown")


@pytest.mark.parametrize(
    ("name", "error", "code", "line"),
    [
        ("extra_input", "InputError('wrong\\n  value')", 2, "scalp-radar: wrong value\n"),
        ("extra_data", "DataError('no candles')", 2, "scalp-radar: no candles\n"),
        ("extra_configuration", "ConfigurationError('f', 'k', 1, 'two')", 2, "scalp-radar: f: k = 1: two\n"),
        ("extra_venue", "RetryLater('busy')", 1, "scalp-radar: busy\n"),
        ("extra_nameless", "ScalpRadarError()", 1, "scalp-radar: ScalpRadarError\n"),
    ],
)
def test_an_error_raised_on_purpose_is_one_line_and_an_exit_code(
    name: str, error: str, code: int, line: str, extra: Path
) -> None:
    assert run(extra, name, f"raise {error}") == Said(code, "", line)


def test_a_defect_keeps_its_traceback(extra: Path) -> None:
    (extra / "extra_defect.py").write_text(
        "def register(app):\n    @app.command('extra_defect')\n    def command():\n        raise KeyError('x')\n"
    )
    result = CliRunner().invoke(main.build(), ["extra_defect"])
    assert isinstance(result.exception, KeyError)


def test_every_error_of_the_tree_has_its_exit_code() -> None:
    assert all(issubclass(e, InputError) for e in (DataError, ConfigurationError))
    assert issubclass(RetryLater, ScalpRadarError)
    assert not issubclass(RetryLater, InputError)


@pytest.mark.parametrize("command", ["", "config", "data"])
def test_help_lists_what_there_is(command: str) -> None:
    said = scalp_radar(*command.split(), "--help")
    assert said.code == 0
    for word in {"": ("config", "data", "sandbox", "strategies"), "config": ("check",), "data": ("import", "coverage")}[
        command
    ]:
        assert word in said.out


def test_help_imports_nothing_heavy_and_is_quick(tmp_path: Path) -> None:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        assert installed_scalp_radar("--help", cwd=tmp_path).code == 0
        times.append(time.perf_counter() - began)
    # 0.35 s on a free machine; the best of three, since others work beside us.
    assert min(times) < 1.5


def test_an_unknown_command_ends_with_code_two(tmp_path: Path) -> None:
    said = installed_scalp_radar("backtset", cwd=tmp_path)
    assert said.code == 2
    assert "backtset" in said.err


@pytest.mark.parametrize(
    ("text", "ts_ms"),
    [
        ("2025-03-01", 1_740_787_200_000),
        ("2025-03-01T12:00", 1_740_830_400_000),
        ("2025-03-01T12:00Z", 1_740_830_400_000),
        ("2025-03-01 13:00+01:00", 1_740_830_400_000),
    ],
)
def test_a_date_is_read_as_utc_unless_it_says_otherwise(text: str, ts_ms: int) -> None:
    assert parse_when(text, "--from") == ts_ms


@pytest.mark.parametrize("text", ["yesterday", "01.03.2025", "2025-02-30", ""])
def test_what_is_no_date_is_an_error_that_names_the_option(text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"--from = '{text}': must be a date such as 2025-03-01"):
        parse_when(text, "--from")


def test_symbols_are_a_list_of_known_ones() -> None:
    known = ("BTC-USDT", "ETH-USDT")
    assert parse_symbols("eth-usdt, BTC-USDT", known) == ("ETH-USDT", "BTC-USDT")
    for wrong in ("XRP-USDT", "", "BTC-USDT,BTC-USDT"):
        with pytest.raises(ConfigurationError, match="--symbols = "):
            parse_symbols(wrong, known)


def test_strategies_are_listed_with_their_parameters() -> None:
    listed = {s["name"]: s for s in json.loads(scalp_radar("strategies", "--json").out)}
    envelope = listed["envelope_dca"]
    assert (envelope["timeframe"], envelope["enabled"], envelope["mirror"]) == ("1h", True, "envelope_dca_short")
    stop = next(p for p in envelope["parameters"] if p["name"] == "stop_fraction")
    assert (stop["type"], stop["default"], stop["minimum"], stop["minimum_excluded"]) == ("number", 0.25, 0, True)
    for strategy in listed.values():
        assert all(p["help"] for p in strategy["parameters"]), f"{strategy['name']}: a parameter without help"


def test_filters_are_listed_with_the_strategies_that_wait_for_them(tmp_path: Path) -> None:
    config = copied_config(tmp_path)
    confirm = {"strategy": "order_flow", "min_score": 0.2}
    changed(config, "strategies.yaml", lambda t: t["strategies"]["envelope_dca"].update(confirm=confirm))
    listed = {s["name"]: s for s in json.loads(scalp_radar("strategies", "--json", "--config", config).out)}
    assert listed["order_flow"]["kind"] == "filter"
    assert listed["order_flow"]["confirms"] == ["envelope_dca"]
    assert listed["envelope_dca"]["confirm"] == confirm | {"params": {}}
    assert listed["envelope_dca"]["needs"] == ["book", "trades"]
    said = scalp_radar("strategies", "--config", config).out
    assert "order_flow  (filter, confirms envelope_dca)" in said
    assert "confirmed by order_flow" in said


def test_a_strategy_of_ones_own_is_found_in_a_configured_folder(tmp_path: Path) -> None:
    config = copied_config(tmp_path)
    (tmp_path / "examples" / "mine.py").write_text(STRATEGY)
    listed = {s["name"]: s for s in json.loads(scalp_radar("strategies", "--json", "--config", config).out)}
    assert listed["always"]["timeframe"] == "5m"
    assert listed["always"]["parameters"][0]["maximum"] == 1
    changed(config, "strategies.yaml", lambda t: t["strategies"].update(always={"params": {"side": 2}}))
    said = scalp_radar("config", "check", "--config", config)
    assert said.code == 2
    assert "strategies.always.params.side = 2: must be less than or equal to 1" in said.err


def test_a_strategy_of_ones_own_is_found_through_the_environment(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(STRATEGY.replace('"always"', '"from_elsewhere"'))
    said = scalp_radar("strategies", env={"SCALP_RADAR_STRATEGIES": str(tmp_path)})
    assert said.code == 0
    assert "from_elsewhere" in said.out


def test_a_broken_strategy_file_is_one_line_that_names_it(tmp_path: Path) -> None:
    config = copied_config(tmp_path)
    (tmp_path / "examples" / "broken.py").write_text("import nothing_of_this_name\n")
    said = scalp_radar("strategies", "--config", config)
    assert said.code == 2
    assert "broken.py: cannot be loaded" in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--from", "tomorrow"], "--from = 'tomorrow': must be a date"),
        (["--symbols", "XRP-USDT"], "--symbols = 'XRP-USDT': unknown symbol; known are BTC-USDT"),
        (["--speed", "0"], "sandbox: speed = 0.0: "),
        (["--port", "99999"], "sandbox: port = 99999: "),
        (["--balance", "0"], "--balance = 0.0: must be above 0"),
        (["--account", "spot"], "--account = 'spot': must be one of classic, unified, both"),
        (["--limits", "0"], "--limits = '0': must be bitget, off, or a factor above 0"),
        (["--faults", "earthquake:0.1"], "faults: kind = 'earthquake': must be one of delay, "),
        (["--faults", "nowhere.yaml"], "nowhere.yaml"),
        (["--state", "nowhere/at/all.db"], "sandbox: state = 'nowhere/at/all.db': cannot be used: unable to open"),
        (["--data", "nowhere", "--from", "2025-03-01"], "nowhere: no such folder of market data"),
        (["--data", "nowhere"], "--from = None: stored candles need a day"),
    ],
)
def test_a_wrong_wish_for_the_local_exchange_is_one_line(arguments: list[str], complaint: str) -> None:
    said = scalp_radar("sandbox", *arguments)
    assert said.code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert complaint in said.err


def test_a_switch_that_is_neither_true_nor_false_is_an_error_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIVE_TRADING", "do-not-show-me")
    with pytest.raises(ConfigurationError, match="environment: LIVE_TRADING") as caught:
        load_secrets(None)
    assert "do-not-show-me" not in str(caught.value)


def test_secrets_come_from_a_file_and_stay_out_of_sight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BITGET_API_KEY", "BITGET_API_SECRET", "BITGET_API_PASSPHRASE", "LIVE_TRADING"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / ".env"
    path.write_text("BITGET_API_KEY=abc123\nLIVE_TRADING=true\nSOMETHING_ELSE=1\nBITGET_API_SECRET=\n")
    secrets = load_secrets(path)
    assert secrets.live_trading
    assert secrets.bitget_api_key is not None
    assert secrets.bitget_api_key.get_secret_value() == "abc123"
    assert secrets.missing_for_live() == ("BITGET_API_SECRET", "BITGET_API_PASSPHRASE")
    assert "abc123" not in repr(secrets) + str(secrets) + str(secrets.model_dump()) + secrets.model_dump_json()


def test_commands_that_are_typed_wrong_do_not_reach_the_boundary() -> None:
    assert scalp_radar("data", "import").code == 2
    assert issubclass(main.Boundary, typer.core.TyperGroup)


@pytest.mark.parametrize(
    ("body", "code", "complaint"),
    [
        ("pass", 0, ""), ("sys.exit()", 0, ""), ("sys.exit(2)", 2, ""), ("sys.exit('why')", 1, "why"),
        ("raise KeyError('x')", 1, "KeyError: 'x'"), ("raise KeyboardInterrupt", 130, "KeyboardInterrupt"),
    ],
)
def test_a_process_leaves_with_its_code_when_all_was_said_and_done(body: str, code: int, complaint: str) -> None:
    program = (
        "import atexit, sys, threading\nfrom scripts.main import Ending\nending = Ending()\n"
        "atexit.register(print, 'a handler')\nthreading.Timer(0.05, print, ['a thread']).start()\n"
        f"with ending:\n    print('the command')\n    {body}\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (code, "the command\na thread\na handler\n")
    assert done.stderr.strip().rpartition("\n")[2] == complaint
