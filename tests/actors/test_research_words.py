"""A verdict in words: what it says follows from its figures."""

from __future__ import annotations

from typing import Any

import pytest

from actors.research_words import sentence
from tests.research import run

LINES = [{"criterion": name, "passed": True} for name in ("grade score", "trades", "worst day", "pbo", "gap")]


@pytest.mark.parametrize(
    ("changes", "failing", "reason", "said"),
    [
        ({}, 0, "", ("A fine Sharpe ratio of 2.50", "83 % of what was promised", "in 10 % of the splits", "Every")),
        ({"sharpe": 0.7}, 1, "", ("A modest Sharpe ratio", "1 of 5 lines of the gate fail (grade score)", "paper")),
        ({"sharpe": 0.2, "pbo": None}, 5, "", ("A weak", "(grade score, trades, worst day and 2 more)")),
        ({"sharpe": -0.82}, 2, "it lost", ("What was chosen lost on the days after (Sharpe \u22120.82)", "It lost.")),
        ({"trades": 0}, 1, "", ("No trade was made",)),
        ({"sharpe": None, "in_sample_sharpe": None}, 1, "", ("lost on the days after",)),
    ],
)
def test_the_sentence_says_what_the_figures_say(
    changes: dict[str, Any], failing: int, reason: str, said: tuple[str, ...]
) -> None:
    lines = [{**line, "passed": i >= failing} for i, line in enumerate(LINES)]
    found = sentence(run(**changes), lines, reason)
    for part in said:
        assert part in found
    assert ("splits" in found) == (changes.get("pbo", 0.1) is not None)
