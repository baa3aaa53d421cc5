"""The contract of every strategy, found by its file; what ``scalp-radar check`` says of it, check by check."""

from __future__ import annotations

import pytest

from optimization.checking.market import on_synthetic
from optimization.checking.report import Outcome
from optimization.checking.subject import Subject
from optimization.checking.suite import Check
from strategies.discovery import AnyStrategy
from tests.contract.strategies import FOUND

pytestmark = pytest.mark.slow

every = pytest.mark.parametrize("strategy", FOUND.values(), ids=FOUND)
mirrored = pytest.mark.parametrize("strategy", [s for s in FOUND.values() if s.mirror], ids=lambda s: s.name)


def check(strategy: AnyStrategy) -> Check:
    """The checks with default parameters, patient enough for most rows and corners."""
    return Check(Subject(strategy, strategy.Params()), on_synthetic(strategy.timeframe), FOUND, patience_s=4.0)


def passes(outcome: Outcome) -> None:
    assert outcome.status == "passed", outcome.detail


def test_strategies_are_found_without_a_list() -> None:
    assert {"envelope_dca", "envelope_dca_short", "sma_cross"} <= set(FOUND)


@every
def test_a_plan_is_a_function_of_the_market_and_leaves_it_alone(strategy: AnyStrategy) -> None:
    passes(check(strategy).pure())


@every
def test_the_plan_is_valid_and_its_conditions_can_be_shown(strategy: AnyStrategy) -> None:
    passes(check(strategy).plan())


@every
def test_no_row_changes_when_the_future_is_cut_off(strategy: AnyStrategy) -> None:
    outcome = check(strategy).look_ahead()
    passes(outcome)
    assert outcome.figures["cuts"] > 200


@every
def test_the_declared_warm_up_gives_what_all_history_gives(strategy: AnyStrategy) -> None:
    outcome = check(strategy).warm_up()
    passes(outcome)
    assert 1 <= outcome.figures["needed"] <= outcome.figures["declared"]


@every
def test_other_prices_give_the_same_trades(strategy: AnyStrategy) -> None:
    outcome = check(strategy).scale()
    passes(outcome)
    assert outcome.figures["trades"] > 0


@mirrored
def test_the_mirror_trades_the_inverted_path(strategy: AnyStrategy) -> None:
    outcome = check(strategy).mirror()
    passes(outcome)
    assert outcome.figures["trades"] > 10


@every
def test_fold_equals_steps_on_rolling_windows(strategy: AnyStrategy) -> None:
    outcome = check(strategy).fold_equals_steps()
    passes(outcome)
    assert outcome.figures["trades"] > 0


@every
def test_the_corners_of_the_parameters_hold_too(strategy: AnyStrategy) -> None:
    outcome = check(strategy).parameters()
    passes(outcome)
    assert outcome.figures["checked"] > 0
