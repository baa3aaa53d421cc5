"""The HTML file of a backtest: what it draws, that it needs nothing beside itself, and a real browser on it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.resample import aggregate
from engine.breakdown import Month
from scripts.report.charts import runs
from scripts.report.page import heatmap
from tests.cli.command import Said, changed, copied_config, scalp_radar, snapshot
from tests.market.builders import START, jumpy, write_dump

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOURS = aggregate(jumpy(40 * 1440, "1m", 8, 0.002, price=80_000.0), "1h")
MEASURE = """<script>addEventListener("load", () => {
  const root = document.documentElement;
  root.dataset.overflow = root.scrollWidth > root.clientWidth ? "yes" : "no";
});</script>"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    narrow = {"ma_period": 7, "num_levels": 2, "envelope_start": 0.02, "envelope_step": 0.02, "stop_fraction": 0.2}
    folder = copied_config(tmp_path)
    return changed(folder, "strategies.yaml", lambda t: t["strategies"]["envelope_dca"].update(params=narrow))


@pytest.fixture
def dumps(tmp_path: Path) -> Path:
    write_dump(tmp_path / "dumps" / "X" / "BTC-USDT" / "1h.parquet", HOURS)
    return tmp_path / "dumps"


def report(config: Path, dumps: Path, *more: str | Path, names: tuple[str, ...] = ("envelope_dca",)) -> Said:
    given = ("backtest", *names, "--symbol", "BTC-USDT", "--data", dumps, "--config", config, "--html")
    return scalp_radar(*given, config.parent / "report.html", "--json", *more)


def written(config: Path, dumps: Path, **more: Any) -> tuple[str, list[dict[str, Any]]]:
    """The page, and the results that it shows as the command prints them."""
    said = report(config, dumps, **more)
    assert (said.code, said.err) == (0, "")
    return (config.parent / "report.html").read_text(encoding="utf-8"), json.loads(said.out)["results"]


def drawn(page: str) -> list[dict[str, Any]]:
    """What the page's charts are drawn from; nothing may be NaN."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} in a chart")

    found = re.findall(r'<script type="application/json" class="data">(.*?)</script>', page, re.DOTALL)
    return [json.loads(text, parse_constant=refuse) for text in found]


def test_the_file_says_and_draws_the_result(config: Path, dumps: Path) -> None:
    page, (one,) = written(config, dumps)
    assert "<title>envelope_dca on BTC-USDT" in page
    assert f"{one['metrics']['net_return']:+.2%} (gross {one['metrics']['gross_return']:+.2%})" in page
    assert f"{one['without_costs']['net_return']:+.2%}" in page
    (chart,) = drawn(page)
    assert len(chart["time"]) == len(chart["equity"]) == len(HOURS)
    assert chart["time"][-1] * 1000 == one["to_ms"]
    assert chart["equity"][-1] == pytest.approx(one["final_equity"], rel=1e-6)
    assert min(chart["drawdown"]) == pytest.approx(-100 * one["metrics"]["max_drawdown"], rel=1e-3)
    assert (max(chart["high"]), min(chart["low"])) == pytest.approx((HOURS.high.max(), HOURS.low.min()), rel=1e-5)
    assert [(t[0] * 1000, t[2] * 1000, t[4]) for t in chart["trades"]] == [
        (t["opened_ms"], t["closed_ms"], t["direction"]) for t in one["trades"]
    ]
    for part in one["by_regime"]:
        assert f"<td>{part['name']}</td>" in page


def test_the_file_needs_nothing_beside_itself(config: Path, dumps: Path) -> None:
    page, _ = written(config, dumps)
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    assert not re.findall(r"@import|url\((?!data:)", page)
    assert "uPlot" in page
    assert {p.name for p in config.parent.iterdir()} == {"config", "examples", "dumps", "report.html"}


def test_many_results_have_a_summary_that_leads_to_each(config: Path, dumps: Path) -> None:
    names = ("envelope_dca", "envelope_dca_short", "liquidation")
    page, results = written(config, dumps, names=names)
    assert len(results) == 2
    assert re.findall(r'<a href="#(result-\d)">(\w+)</a>', page) == [
        ("result-0", "envelope_dca"), ("result-1", "envelope_dca_short"),
    ]
    assert re.findall(r'<details class="result" id="(result-\d)">', page) == ["result-0", "result-1"]
    assert "<h2>Not run</h2>" in page
    assert "no 5m candles of BTC-USDT" in page


def test_a_walk_without_a_trade_has_a_report_too(config: Path, dumps: Path) -> None:
    said = report(config, dumps, "--to", "2025-03-01T03:00")
    assert said.code == 0
    assert "No trade was closed." in (config.parent / "report.html").read_text()


def test_a_file_that_is_there_is_replaced_and_a_refused_run_leaves_it_alone(config: Path, dumps: Path) -> None:
    (config.parent / "report.html").write_text("of yesterday")
    before = snapshot(config.parent)
    assert report(config, dumps, "--from", "2031-01-01").code == 2
    assert snapshot(config.parent) == before
    page, _ = written(config, dumps)
    assert page.startswith("<!DOCTYPE html>")


def test_a_file_that_cannot_be_replaced_is_one_line_and_leaves_nothing(
    config: Path, dumps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(part: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    said = report(config, dumps)
    assert (said.code, said.out) == (2, "")
    assert said.err == f"scalp-radar: command line: --html = '{config.parent}/report.html': No space left on device\n"
    assert {p.name for p in config.parent.iterdir()} == {"config", "examples", "dumps"}


@given(st.lists(st.sampled_from([60_000, 3_600_000]), min_size=1, max_size=500), st.integers(1, 300))
def test_points_make_up_every_row_once_and_share_the_time(lengths: list[int], points: int) -> None:
    starts, last = runs(np.array(lengths), points)
    assert 1 <= len(starts) <= points
    assert (starts[0], last[-1]) == (0, len(lengths) - 1)
    assert (starts[1:] == last[:-1] + 1).all()
    share = sum(lengths) / points
    assert all(sum(lengths[a : b + 1]) <= share + max(lengths) for a, b in zip(starts, last, strict=True))


@given(st.integers(1, 3000), st.integers(1, 2000))
def test_rows_of_one_length_are_shared_out_evenly(count: int, points: int) -> None:
    starts, last = runs(np.full(count, 60_000), points)
    assert len(starts) == min(points, count)
    assert np.ptp(last - starts) <= 1


def test_a_heatmap_has_a_row_a_year_whose_months_chain() -> None:
    rows = heatmap((Month(2024, 12, 0.1), Month(2025, 1, -0.3), Month(2025, 3, 0.5)))
    assert [(r["year"], [c is None for c in r["cells"]].count(False)) for r in rows] == [(2024, 1), (2025, 2)]
    assert [r["value"] for r in rows] == [pytest.approx(0.1), pytest.approx(0.7 * 1.5 - 1)]
    assert rows[1]["cells"][0] == {"value": -0.3, "strength": 1.0}
    assert rows[0]["cells"][11]["strength"] == pytest.approx(0.1 / 0.15)


def browse(page: Path, profile: Path, width: int) -> tuple[str, str]:
    """The page's elements after its scripts ran, and what the browser complained about."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"needs a browser: one of {', '.join(BROWSERS)}")
    done = subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
            f"--user-data-dir={profile}", "--enable-logging=stderr", f"--window-size={width},900",
            "--virtual-time-budget=2000", "--dump-dom", f"file://{page}",
        ],
        capture_output=True, text=True, timeout=90, check=True,
    )
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.mark.slow
@pytest.mark.parametrize("width", [500, 1200])
def test_a_browser_draws_every_chart_without_a_complaint(width: int, config: Path, dumps: Path) -> None:
    text, _ = written(config, dumps)
    path = config.parent / "measured.html"
    path.write_text(text.replace("</body>", MEASURE + "</body>"), encoding="utf-8")
    elements, complaints = browse(path, config.parent / "profile", width)
    assert complaints == ""
    assert elements.count('class="u-wrap"') == 3
    assert 'data-overflow="no"' in elements
    assert 'data-drawn="yes"' in elements


@pytest.mark.slow
def test_a_browser_that_is_sent_to_one_of_many_unfolds_it(config: Path, dumps: Path) -> None:
    names = ("envelope_dca", "envelope_dca_short")
    written(config, dumps, names=names)
    elements, complaints = browse(Path(f"{config.parent / 'report.html'}#result-1"), config.parent / "profile", 1200)
    assert complaints == ""
    assert elements.count('class="u-wrap"') == 3
    assert re.search(r'id="result-1"[^>]* open', elements)
    assert not re.search(r'id="result-0"[^>]* open', elements)


def test_the_charts_begin_where_the_data_does(config: Path, dumps: Path) -> None:
    page, _ = written(config, dumps)
    assert drawn(page)[0]["time"][0] * 1000 == START + 3_600_000
    assert np.diff(drawn(page)[0]["time"]).min() > 0
