"""The report of verdicts: what it shows, that it needs nothing beside itself, and a real browser on it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.walkforward.outcome import Outcome
from scripts.optimizing import NotRun
from scripts.report.surfaces import MOST_VALUES, surfaces
from scripts.report.svg import Dots, Mark, columns, histogram, scatter, ticks
from scripts.report.verdict import criteria_rows, gate_rows, sentence
from scripts.report.verdict_page import verdicts
from tests.cli.outcomes import outcome
from tests.cli.test_report import MEASURE, browse

REACH = st.floats(-1e6, 1e6)
KINDS: dict[str, dict[str, Any]] = {
    "an edge": {"edge": 0.25},
    "no edge": {},
    "no trades": {"chosen": False},
    "two windows": {"days": 305},
    "one combination": {"grid": {"ma_period": (5,)}},
    "one parameter": {"grid": {"ma_period": (5, 7, 10)}},
    "words": {"grid": {"kind": ("<b>fast</b>", "slow"), "on": (True, False)}},
    "many values": {"grid": {"ma_period": tuple(range(2, 90)), "num_levels": (2, 3)}},
}


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> Outcome:
    return outcome(3, **KINDS[request.param])


def embedded(page: str, name: str) -> list[Any]:
    """What scripts draw from; nothing may be NaN."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} in a chart")

    found = re.findall(rf'<script type="application/json" class="{name}">(.*?)</script>', page, re.DOTALL)
    return [json.loads(text, parse_constant=refuse) for text in found]


def test_every_kind_of_outcome_has_a_page_that_is_finite_and_whole(kind: Outcome) -> None:
    page = verdicts([kind], [])
    assert "nan" not in re.sub(r"<script>.*?</script>|<style>.*?</style>", "", page, flags=re.DOTALL).lower()
    assert "<b>fast</b>" not in page
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    assert not re.findall(r"@import|url\((?!data:)", page)
    (chart,) = embedded(page, "data")
    assert len(chart["time"]) == len(chart["equity"]) == len(chart["drawdown"])
    assert chart["equity"][-1] == pytest.approx(100.0 * kind.curve.equity[-1], rel=1e-6)
    assert min(chart["drawdown"]) == pytest.approx(-100 * kind.verdict.figures.max_drawdown, rel=1e-3)
    assert len(chart["edges"]) == len(kind.windows)


def test_the_page_says_grade_gate_and_every_criterion(kind: Outcome) -> None:
    page = verdicts([kind], [])
    assert f'<div class="letter {kind.verdict.grade.letter}"' in page
    assert f"gate {'open' if kind.verdict.gate.passed else 'shut'}" in page
    for row in (*criteria_rows(kind), *gate_rows(kind)):
        assert row.name in page
        assert row.figure in page
        assert row.help


def test_many_have_a_summary_that_leads_to_each() -> None:
    page = verdicts([outcome(1), outcome(2, symbol="ETH-USDT")], [NotRun("a", "SOL-USDT", "too little <data>")])
    assert re.findall(r'<a href="#(result-\d)">', page) == ["result-0", "result-1"]
    assert re.findall(r'<details class="result" id="(result-\d)">', page) == ["result-0", "result-1"]
    assert "too little &lt;data&gt;" in page


def test_a_sentence_promises_nothing() -> None:
    assert "worth watching on paper" in sentence(outcome(1, edge=0.4))
    assert "no edge shown" in sentence(outcome(1))
    assert sentence(outcome(1, chosen=False)).startswith("Nothing to judge: no window had")


def test_a_cell_of_a_surface_is_the_median_of_its_combinations() -> None:
    one = outcome(5)
    found = surfaces(one)
    names = [axis["name"] for axis in found["axes"]]
    assert len(found["pairs"]) == 6
    pair = next(p for p in found["pairs"] if (names[p["rows"]], names[p["columns"]]) == ("ma_period", "stop_fraction"))
    after = one.out_of_sample.sharpe.mean(axis=0, dtype=np.float64)
    rows, across = one.codes[:, one.grid.names.index("ma_period")], one.codes[:, one.grid.names.index("stop_fraction")]
    for r in range(3):
        for c in range(4):
            inside = after[(rows == r) & (across == c)]
            cells = pair["cells"]
            assert cells["Sharpe after the choice, median"][r][c] == pytest.approx(np.median(inside), rel=1e-3)
            assert cells["Sharpe after the choice, best"][r][c] == pytest.approx(inside.max(), rel=1e-3)
    chosen = one.grid.values[0][found["axes"][0]["chosen"]]
    assert chosen == one.deployed["ma_period"]


def test_neighbours_share_a_cell_where_an_axis_is_long() -> None:
    axis = surfaces(outcome(3, **KINDS["many values"]))["axes"][0]
    assert len(axis["labels"]) == MOST_VALUES
    assert axis["labels"][0] == "2 to 6"
    assert axis["labels"][-1].endswith("to 89")


@given(REACH, REACH)
def test_ticks_are_round_and_inside(a: float, b: float) -> None:
    low, high = sorted((a, b))
    if high - low < 1e-6:
        return
    found = ticks(low, high)
    assert 1 <= len(found) <= 8
    assert all(low - 1e-9 * abs(low) - 1e-12 <= t <= high + 1e-9 * abs(high) + 1e-12 for t in found)


@given(st.lists(REACH, max_size=40), st.floats(-1e6, 1e6))
def test_any_values_can_be_drawn(values: list[float], mark: float) -> None:
    column = np.array(values)
    drawn = (
        histogram(column, "<x>", (Mark(mark, "a&b", "quiet"),), 0.0),
        scatter((Dots(column, column[::-1], "cloud", 2.0),), "x", "y", lambda x: 2 * x, "twice"),
        columns([(v, -v) for v in values], ["2025-01"] * len(values), "Sharpe"),
    )
    for svg in drawn:
        assert svg.startswith("<svg")
        assert "<x>" not in svg
        places = [float(v) for v in re.findall(r' (?:x|y|x1|y1|cx|cy|width|height)="([^"]+)"', svg)]
        assert all(-60.0 <= v <= 3000.0 for v in places)


@pytest.mark.slow
@pytest.mark.parametrize("width", [500, 1200])
@pytest.mark.parametrize("name", ["an edge", "no trades"])
def test_a_browser_draws_it_without_a_complaint(name: str, width: int, tmp_path: Path) -> None:
    path = tmp_path / "measured.html"
    path.write_text(verdicts([outcome(3, **KINDS[name])], []).replace("</body>", MEASURE + "</body>"), encoding="utf-8")
    elements, complaints = browse(path, tmp_path / "profile", width)
    assert complaints == ""
    assert elements.count('class="u-wrap"') == 2
    assert elements.count('<table class="surface">') == 1
    assert elements.count('class="here"') == (1 if name == "an edge" else 0)
    assert 'data-overflow="no"' in elements
    assert 'data-drawn="yes"' in elements
