"""Kills and faults over many cycles of real actors on the local exchange; the judge is the exchange's own record.

Here on a classic account; `tests/chaos/test_campaigns_unified.py` is the same suite on a unified one. Another seed
draws other faults and other kills: ``make chaos SEED=7``.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sandbox.config import AccountConfig
from tests.chaos.campaign import AUDIT_S, Episode, Outcome, campaign
from tests.chaos.judge import differences, standing_apart
from tests.chaos.plan import NAKED, changing, deadly, harmless, mixed
from tests.chaos.report import keep

SEED = int(os.environ.get("CHAOS_SEED", "1"))
DEADLY_HOURS = 15
HOURS = max(sum(e.hours for e in plan) for plan in (harmless(SEED), deadly(SEED, DEADLY_HOURS), changing(SEED)))
SLACK_MS = 1_000
"""What the audit may take beyond its interval, until the stop stands again."""

Undisturbed = Callable[[AccountConfig, int], Awaitable[Outcome]]


@pytest.fixture(scope="module")
def account() -> AccountConfig:
    """The kind of account that the suite runs on."""
    return AccountConfig()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """The same market without any trouble, lived through once for each length."""
    kept: dict[int, Outcome] = {}

    async def lived(account: AccountConfig, hours: int) -> Outcome:
        if hours not in kept:
            folder = tmp_path_factory.mktemp("undisturbed")
            kept[hours] = await campaign(folder, [Episode("undisturbed", hours)], account)
        return kept[hours]

    return lived


def nothing_came_of_it(found: Outcome, calm: Outcome) -> None:
    """No order doubled, no orphan, no position without its stop, the same deals, the same standing at every end."""
    lasted_ms = found.told[-1].to_ms
    assert not found.records.wrong
    assert not found.records.doubled()
    assert not found.errors
    wanted = [deal for deal in calm.deals if deal.closed_ms < lasted_ms]
    assert not differences(found.deals, wanted, ())
    for told in found.told:
        mine, other = (o.records.standing[told.to_ms - told.to_ms % 60_000] for o in (found, calm))
        assert not standing_apart(mine, other, presets=told.name not in NAKED), told.name
        most = AUDIT_S * 1_000 + SLACK_MS if told.name in NAKED else 0
        assert max(told.unprotected, default=0) <= most, (told.name, told.causes)


async def test_deaths_and_losses_change_no_trade(
    tmp_path: Path, account: AccountConfig, undisturbed: Undisturbed
) -> None:
    calm = await undisturbed(account, 3)
    episodes = [Episode("all", 3, mixed(SEED), every=30, deaths=True)]
    found = await campaign(tmp_path, episodes, account, seed=SEED)
    nothing_came_of_it(found, calm)
    assert found.told[0].faults > 5
    assert found.kills["executor"] > 20


@pytest.mark.chaos
@pytest.mark.timeout(600)
async def test_a_fault_of_any_kind_changes_no_trade(
    tmp_path: Path, account: AccountConfig, undisturbed: Undisturbed
) -> None:
    calm = await undisturbed(account, HOURS)
    found = await campaign(tmp_path, harmless(SEED), account, seed=SEED)
    keep(f"faults-{account.kind}", f"faults, {account.kind} account: same trades", found)
    nothing_came_of_it(found, calm)
    assert all(told.faults for told in found.told), "a fault that never struck shows nothing"


@pytest.mark.chaos
@pytest.mark.timeout(600)
async def test_kills_of_every_actor_and_at_every_point_change_no_trade(
    tmp_path: Path, account: AccountConfig, undisturbed: Undisturbed
) -> None:
    calm = await undisturbed(account, HOURS)
    found = await campaign(tmp_path, deadly(SEED, DEADLY_HOURS), account, seed=SEED)
    deaths = found.fate.deaths
    naked = [cause for told in found.told for cause in told.causes]
    lines = [*naked, f"kills: {dict(found.kills)}; the executor died at {len(deaths)} points"]
    keep(f"kills-{account.kind}", f"kills, {account.kind} account: same trades", found, lines)
    nothing_came_of_it(found, calm)
    assert len(found.kills) == 5
    assert len(deaths) > 40
    touched = (
        "place", "amend", "cancel", "executions", "positions", "open_orders", "all_open_orders", "balance",
        "position_history",
    )
    assert {f"venue.{name} {side}" for name in touched for side in ("before", "after")} <= set(deaths)


@pytest.mark.chaos
@pytest.mark.timeout(600)
async def test_what_the_venue_changes_is_named_with_its_cause(
    tmp_path: Path, account: AccountConfig, undisturbed: Undisturbed
) -> None:
    calm = await undisturbed(account, HOURS)
    for episode in changing(SEED):
        found = await campaign(tmp_path / episode.name, [episode], account, seed=SEED, proven=False)
        wanted = [deal for deal in calm.deals if deal.closed_ms < found.told[-1].to_ms]
        told = differences(found.deals, wanted, found.records.faults)
        title = f"{episode.name}, {account.kind} account: differences and their causes"
        keep(f"{episode.name}-{account.kind}", title, found, differences=told)
        assert found.told[0].faults
        assert not [difference for difference in told if not difference.cause]
        assert not found.records.wrong
        assert not found.records.doubled()
