"""Parameters written into the configuration: nothing else moves, nothing that would not load is written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationError
from scripts.apply import Deployment, rewrite, write
from scripts.configuration import load_settings
from scripts.yamledit import flow, with_value
from tests.cli.command import copied_config, snapshot

CHOSEN = {"ma_period": 5, "num_levels": 4, "envelope_start": 0.05}
WORDS = st.text("abcdefghij-_", min_size=1, max_size=6)
TEXTS = st.text("a #:{}[]'\"ü,é-&*!0", max_size=8)
SCALARS = st.one_of(st.integers(-9, 10**12), st.floats(-1e9, 1e9), st.booleans(), TEXTS)
FLAT = st.dictionaries(WORDS, SCALARS, max_size=3)
TREES = st.dictionaries(WORDS, st.one_of(SCALARS, FLAT, st.dictionaries(WORDS, FLAT, max_size=2)), max_size=4)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return copied_config(tmp_path)


def edited(config: Path, old: str, new: str) -> None:
    path = config / "strategies.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def changed_lines(diff: str) -> list[str]:
    return [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def test_the_first_asset_gets_a_line_below_per_asset_and_the_comment_stays(config: Path) -> None:
    change = rewrite(config, [Deployment("envelope_dca", "BTC-USDT", CHOSEN)])
    assert changed_lines(change.diff) == [
        "-    per_asset: {}           # e.g. DOGE-USDT: {envelope_start: 0.10}",
        "+    per_asset:              # e.g. DOGE-USDT: {envelope_start: 0.10}",
        "+      BTC-USDT: {ma_period: 5, num_levels: 4, envelope_start: 0.05}",
    ]
    write(change)
    entry = load_settings(config).strategies.strategies["envelope_dca"]
    assert entry.per_asset == {"BTC-USDT": CHOSEN}


@pytest.mark.parametrize(
    ("per_asset", "expected"),
    [
        ("", ["+    per_asset:", "+      BTC-USDT: {ma_period: 5}"]),
        ("    per_asset: {}\n", ["-    per_asset: {}", "+    per_asset:", "+      BTC-USDT: {ma_period: 5}"]),
        ("    per_asset:  # none yet\n", None),
        ("    per_asset: {ETH-USDT: {ma_period: 9}}  # one line\n",
         ["-    per_asset: {ETH-USDT: {ma_period: 9}}  # one line",
          "+    per_asset: {ETH-USDT: {ma_period: 9}, BTC-USDT: {ma_period: 5}}  # one line"]),
        ("    per_asset:\n      ETH-USDT: {ma_period: 9}  # mine\n", ["+      BTC-USDT: {ma_period: 5}"]),
        ("    per_asset:\n      BTC-USDT: {ma_period: 9, num_levels: 2}  # mine\n",
         ["-      BTC-USDT: {ma_period: 9, num_levels: 2}  # mine",
          "+      BTC-USDT: {ma_period: 5, num_levels: 2}  # mine"]),
        ("    per_asset:\n      BTC-USDT:\n        ma_period: 9  # slow\n        num_levels: 2\n",
         ["-        ma_period: 9  # slow", "+        ma_period: 5  # slow"]),
        ("    per_asset:\n      BTC-USDT:\n        num_levels: 2  # few\n", ["+        ma_period: 5"]),
        ("    per_asset:\n      BTC-USDT: {ma_period: 5}\n", []),
    ],
)
def test_each_layout_is_kept(per_asset: str, expected: list[str] | None, config: Path) -> None:
    edited(config, "    per_asset: {}           # e.g. DOGE-USDT: {envelope_start: 0.10}\n", per_asset)
    if expected is None:  # a key without a value is no mapping, and does not load
        with pytest.raises(ConfigurationError):
            load_settings(config)
        expected = ["+      BTC-USDT: {ma_period: 5}"]
    change = rewrite(config, [Deployment("envelope_dca", "BTC-USDT", {"ma_period": 5})])
    assert changed_lines(change.diff) == expected
    comments = re.findall(r"#.*", change.before)
    assert re.findall(r"#.*", change.after) == comments


def test_several_assets_and_strategies_are_one_change(config: Path) -> None:
    given_ = [Deployment(s, a, {"stop_fraction": 0.2}) for s in ("envelope_dca", "envelope_dca_short", "bollinger_mr")
              for a in ("BTC-USDT", "ETH-USDT")]
    write(rewrite(config, given_))
    entries = load_settings(config).strategies.strategies
    for name in ("envelope_dca", "envelope_dca_short", "bollinger_mr"):
        assert entries[name].per_asset == {a: {"stop_fraction": 0.2} for a in ("BTC-USDT", "ETH-USDT")}
    assert rewrite(config, given_).diff == ""


@pytest.mark.parametrize(
    ("deployment", "said"),
    [
        (Deployment("envelope_dca", "BTC-USDT", {"ma_period": 0}), "per_asset.BTC-USDT.ma_period = 0"),
        (Deployment("envelope_dca", "BTC-USDT", {"ma_perod": 5}), "did you mean 'ma_period'"),
        (Deployment("envelope_dca", "BTC-USDT", {"stop_fraction": 0.4}), "is liquidated"),
        (Deployment("nobody", "BTC-USDT", {"ma_period": 5}), "has no entry"),
    ],
)
def test_what_would_not_load_is_refused(deployment: Deployment, said: str, config: Path) -> None:
    before = snapshot(config)
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        rewrite(config, [deployment])
    assert snapshot(config) == before


def test_an_entry_that_shares_its_values_with_another_is_refused(config: Path) -> None:
    edited(config, "    per_asset: {}           # e.g.", "    per_asset: &shared {ETH-USDT: {ma_period: 9}}  # e.g.")
    path = config / "strategies.yaml"
    text = path.read_text().replace("  envelope_dca_short:\n", "  envelope_dca_short:\n    per_asset: *shared\n", 1)
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="by hand"):
        rewrite(config, [Deployment("envelope_dca_short", "BTC-USDT", {"ma_period": 5})])


def test_a_file_that_changed_meanwhile_is_left_alone(config: Path) -> None:
    change = rewrite(config, [Deployment("envelope_dca", "BTC-USDT", CHOSEN)])
    edited(config, "folders: [examples]", "folders: []")
    before = snapshot(config)
    with pytest.raises(ConfigurationError, match="changed meanwhile"):
        write(change)
    assert snapshot(config) == before


def test_a_full_disk_leaves_the_file_and_nothing_beside_it(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(part: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    change = rewrite(config, [Deployment("envelope_dca", "BTC-USDT", CHOSEN)])
    before = snapshot(config)
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ConfigurationError, match="No space left"):
        write(change)
    assert snapshot(config) == before


def test_rights_and_line_ends_are_kept(config: Path) -> None:
    path = config / "strategies.yaml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    path.chmod(0o640)
    write(rewrite(config, [Deployment("envelope_dca", "BTC-USDT", CHOSEN)]))
    assert path.stat().st_mode & 0o777 == 0o640
    assert b"\n" not in path.read_bytes().replace(b"\r\n", b"")


@given(TREES, st.lists(WORDS, min_size=1, max_size=3), st.one_of(SCALARS, FLAT), st.booleans())
def test_a_value_is_set_in_any_tree_and_only_that_one(
    tree: dict[str, Any], path: list[str], value: Any, block: bool
) -> None:
    text = "# ä head\n" + yaml.safe_dump(tree, default_flow_style=not block, allow_unicode=True, sort_keys=False)
    here: Any = tree
    for key in path[:-1]:
        here = here.get(key, {})
        if not isinstance(here, dict):
            with pytest.raises(KeyError):
                with_value(text, path, value)
            return
    wanted = yaml.safe_load(yaml.safe_dump(tree))
    here = wanted
    for key in path[:-1]:
        here = here.setdefault(key, {})
    here[path[-1]] = value
    after = with_value(text, path, value)
    assert yaml.safe_load(after) == wanted
    assert after.startswith("# ä head\n")


@given(st.dictionaries(WORDS, SCALARS))
def test_what_is_written_is_read_again(values: dict[str, Any]) -> None:
    read = yaml.safe_load(flow(values))
    assert read == values
    assert [type(v) for v in read.values()] == [type(v) for v in values.values()]
