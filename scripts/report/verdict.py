"""A verdict in words: the same lines in the terminal and in the HTML file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from core.timeframe import DAY_MS
from optimization.statistics.estimate import Estimate
from optimization.statistics.gate import Line as GateLine
from optimization.walkforward.outcome import Outcome, WindowResult
from scripts.options import when_text
from scripts.report.numbers import Line, short_percent


def _percent(value: float) -> str:
    return f"{value:.0%}"


def _return(value: float) -> str:
    return f"{value:+.1%}"


def _ratio(value: float) -> str:
    return f"{value:.2f}"


def _score(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _many(value: float) -> str:
    return f"{value:,.0f}"


class Meaning(NamedTuple):
    """How a criterion's figure is written, and one line on what it means."""

    write: Callable[[float], str]
    help: str


MEANINGS: Final[Mapping[str, Meaning]] = {
    "out-of-sample Sharpe": Meaning(_ratio, "Of the days after each choice, yearly; 2 is good, 5 full marks."),
    "consistency": Meaning(_percent, "Windows that earned something; half of them is what a coin does."),
    "transfer": Meaning(_ratio, "Sharpe after the choice over Sharpe before it; 1 when nothing is lost."),
    "deflated Sharpe": Meaning(
        _ratio, "Probability that the Sharpe ratio is above what the best of as many trials shows by luck."),
    "instability": Meaning(_ratio, "How much the result changes when a chosen parameter is moved a little."),
    "grade score": Meaning(_score, "The sum of the five criteria's points."),
    "probability of overfitting": Meaning(
        _percent, "How often the best of one half of the days is below the middle in the other half."),
    "trades": Meaning(_many, "Out-of-sample trades; fewer say nothing."),
    "worst day": Meaning(_return, "Lowest daily return."),
    "expected shortfall": Meaning(_return, "Mean of the worst 5 % of days."),
    "largest loss over average win": Meaning(_ratio, "How many usual wins the worst trade took."),
    "days under water": Meaning(_many, "Longest time below an earlier peak."),
    "return in crashes": Meaning(_return, "Over the days on which the asset itself crashed."),
    "loss in a gap": Meaning(_percent, "Share of equity that a gap of the price takes where most was at stake."),
}
_UNKNOWN: Final = Meaning(lambda v: f"{v:.4g}", "")


class Row(NamedTuple):
    """A criterion: its figure, what it is held against, whether it is met, how far (0 to 1), what it means."""

    name: str
    figure: str
    against: str
    met: bool
    share: float
    help: str


def gate_rows(outcome: Outcome) -> list[Row]:
    """Every line of the gate."""
    rows = []
    for line in outcome.verdict.gate.lines:
        meaning = MEANINGS.get(line.criterion, _UNKNOWN)
        rows.append(Row(
            line.criterion, _figure(meaning, line), f"{_SIGNS[line.comparison]} {meaning.write(line.limit)}",
            line.passed, 1.0 if line.passed else 0.0, meaning.help,
        ))
    return rows


def criteria_rows(outcome: Outcome) -> list[Row]:
    """Every criterion of the grade; met: with all its points."""
    rows = []
    for c in outcome.verdict.grade.criteria:
        meaning = MEANINGS.get(c.name, _UNKNOWN)
        rows.append(Row(
            c.name, meaning.write(c.figure), f"{c.points:.1f} of {c.most:g}", c.points >= c.most, c.points / c.most,
            meaning.help,
        ))
    return rows


def first_failed(outcome: Outcome) -> str:
    """The first line of the gate that is not passed, '' when all are."""
    failed = next((row for row in gate_rows(outcome) if not row.met), None)
    return f"{failed.name} {failed.figure} (needed {failed.against})" if failed else ""


def sentence(outcome: Outcome) -> str:
    """What was found, in words that promise nothing."""
    v = outcome.verdict
    if v.reason and not v.figures.trades:
        return f"Nothing to judge: {v.reason}."
    judged = (
        f"Chosen on the past and judged on the {len(outcome.curve.daily):,} days that followed: "
        f"{short_percent(v.figures.net_return)}, Sharpe {v.figures.sharpe:.2f}, {v.figures.trades:,} trades."
    )
    luck = f" Probability that this is more than the luck of {v.trials:,} trials: {v.deflated.value:.0%}."
    if v.gate.passed:
        return f"{judged}{luck} Every line of the gate is kept: worth watching on paper."
    lines_, broken = len(v.gate.lines), sum(not line.passed for line in v.gate.lines)
    return f"{judged}{luck} {broken} of {lines_} lines of the gate are not kept: no edge shown."


def lines(outcome: Outcome) -> tuple[Line, ...]:
    """Every figure of one outcome that stands in no table of its own."""
    v, f, b = outcome.verdict, outcome.verdict.figures, outcome.verdict.bootstrap
    return (
        Line("out of sample", f"{f.net_return:+.1%}, Sharpe {f.sharpe:.2f}, Sortino {f.sortino:.2f}",
             "The chosen combinations' days after each choice, one after another, all costs included."),
        Line("maximum drawdown", f"{f.max_drawdown:.1%}", "Of the same days, positions marked at candle closes."),
        Line("trades", f"{f.trades:,} ({f.wins / f.trades:.0%} won)" if f.trades else "0", "Out of sample."),
        Line("in sample", f"Sharpe {v.in_sample_sharpe:.2f}", "What the choice promised, mean of the windows."),
        Line("windows", f"{len(outcome.windows)} ({won(outcome)} positive), {_span(outcome)}",
             f"Chosen on {outcome.job.rule.in_sample_days} days, judged on the next "
             f"{outcome.job.rule.out_of_sample_days}, {outcome.purge_ms / DAY_MS:g} days of purge between."),
        Line("more than zero", _estimate(v.probabilistic, _ratio) + f", after {v.trials:,} trials "
             + _estimate(v.deflated, _ratio),
             "Probability that the true Sharpe ratio is above 0, and above the luck of every trial there ever was."),
        Line("overfitting", _percent(v.overfitting.probability) if v.overfitting.defined else "too little to say",
             f"Over {len(v.overfitting.logits):,} splits of {v.overfitting.days:,} days, {v.judged:,} combinations."),
        Line("bootstrap", f"p = {b.p_value:.3f}, Sharpe {b.sharpe[0]:.2f} to {b.sharpe[1]:.2f}, return "
             f"{short_percent(b.net_return[0])} to {short_percent(b.net_return[1])}",
             f"{b.resamples:,} resamples in blocks of {b.block_days:.1f} days; 95 % intervals."
             + (" Too few trades to say much." if b.underpowered else "")),
        Line("drawdown to expect", f"{b.worst_drawdown:.1%}", "Exceeded by 5 % of the resamples."),
        Line("track record needed", track_record(v.track_record_days),
             "Days until this Sharpe ratio would be believed with 95 %."),
    )


def tail_rows(outcome: Outcome) -> list[tuple[str, str]]:
    """What a Sharpe ratio does not see."""
    t = outcome.verdict.tail
    rows = [
        ("worst day", _estimate(t.worst_day, _return)),
        ("mean of the worst 5 % of days", _estimate(t.expected_shortfall, _return)),
        ("largest loss over average win", _estimate(t.loss_to_win, _ratio)),
        ("longest time under water", f"{t.under_water_days:,} days"),
        ("return over crash days", _estimate(t.crash_return, _return)),
    ]
    for gap in t.gaps:
        hit = f"-{min(gap.loss, 1.0):.1%}, whole span then {short_percent(gap.net_return)}"
        rows.append((f"gap of {gap.size:.0%} against the largest position", hit if gap.day >= 0 else "none held"))
    return rows


def deployed_text(outcome: Outcome) -> str:
    """The parameters to deploy that were searched, '' when none could be chosen."""
    return ", ".join(f"{name} {value_text(outcome.deployed[name])}" for name in outcome.grid.names) \
        if outcome.deployed else ""


def latest_text(outcome: Outcome) -> str:
    """The days on which the parameters to deploy were chosen."""
    begin, end = outcome.latest
    return f"{when_text(begin)[:10]} to {when_text(end)[:10]}"


def free_names(outcome: Outcome) -> list[str]:
    """Names of the grid with more than one value, all of them when there is no such."""
    names = [n for n, values in zip(outcome.grid.names, outcome.grid.values, strict=True) if len(values) > 1]
    return names or list(outcome.grid.names)


def chosen_text(result: WindowResult, names: list[str]) -> str:
    """What was chosen in a window, values in the order of ``names``."""
    return " ".join(value_text(result.params[name]) for name in names) if result.params else "nothing"


def value_text(value: Any) -> str:
    """A parameter's value, short."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def window_text(result: WindowResult) -> str:
    """The days that a window is judged on."""
    w = result.window
    return f"{when_text(w.out_from_ms)[:10]} to {when_text(w.out_to_ms)[:10]}"


def won(outcome: Outcome) -> int:
    """Windows with a positive out-of-sample return."""
    return sum(w.out_of_sample.net_return > 0.0 for w in outcome.windows)


def track_record(days: Estimate) -> str:
    """Years of days, since nobody counts thousands of them."""
    if not days.defined or days.value > 365.0 * 100:
        return "more than a lifetime"
    return f"{days.value:,.0f} days" if days.value < 730.0 else f"{days.value / 365.0:.1f} years"


def _span(outcome: Outcome) -> str:
    days = np.asarray(outcome.curve.days)
    if not len(days):
        return "none"
    return f"{when_text(int(days[0]) * DAY_MS)[:10]} to {when_text((int(days[-1]) + 1) * DAY_MS)[:10]}"


def _estimate(found: Estimate, write: Callable[[float], str]) -> str:
    return write(found.value) if found.defined else "undefined"


def _figure(meaning: Meaning, line: GateLine) -> str:
    return meaning.write(line.figure) if line.defined else f"undefined, counts as {meaning.write(line.figure)}"


_SIGNS: Final = {">=": "≥", "<=": "≤"}
