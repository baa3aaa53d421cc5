"""Targets under judgement: what runners want, what was approved of it, whose each symbol is.

Law: a symbol is one strategy's from the first approved entry until it is flat and nothing more is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from actors.parts import RiskConfig
from actors.risk_voice import Voice
from core.instrument import Instrument
from core.messages import PlanChanged
from core.position import VenuePosition
from core.target import ApprovedTarget, Target
from engine.risk import Selected, Terms, View, approve
from engine.risk_state import Causes, covering


class Scene(NamedTuple):
    """What targets are judged by.

    positions : open now, by symbol. equity : of the account. capital : of each symbol of a strategy, as it is now.
    now_ms : exchange time.
    """

    causes: Causes
    positions: Mapping[str, VenuePosition]
    equity: float
    capital: Mapping[str, float]
    instruments: Mapping[str, Instrument]
    now_ms: int


class Judgement:
    """Plans by strategy and symbol, approvals and owners by symbol.

    Parameters
    ----------
    met : told of an error that a judgement ended with; no approval is the safe side.
    """

    def __init__(self, config: RiskConfig, voice: Voice, met: Callable[[BaseException], None]) -> None:
        self._config, self._voice, self._met = config, voice, met
        self._told: dict[str, Target] = {}
        self.plans: dict[tuple[str, str], PlanChanged] = {}
        self.approved: dict[str, ApprovedTarget] = {}
        self.owners: dict[str, str] = {}
        self.selected: dict[tuple[str, str], Selected] = {}
        self.seen: dict[str, int] = {}
        """Number of the last plan by strategy."""

    def remember(
        self, plans: tuple[PlanChanged, ...], owners: Mapping[str, str], selected: Mapping[tuple[str, str], Selected]
    ) -> None:
        """Take over what was saved; what came already is newer."""
        for plan in plans:
            self._take(plan, self.plans.setdefault((plan.target.strategy, plan.target.symbol), plan))
        self.owners = {**owners, **self.owners}
        self.selected = {**selected, **self.selected}

    def take(self, plans: tuple[PlanChanged, ...]) -> None:
        """What runners want now; an older plan changes nothing."""
        for plan in plans:
            key = (plan.target.strategy, plan.target.symbol)
            known = self.plans.get(key)
            if known is None or plan.sequence >= known.sequence:
                self.plans[key] = plan
            self._take(plan, plan)

    def _take(self, plan: PlanChanged, newest: PlanChanged) -> None:
        strategy = plan.target.strategy
        self.seen[strategy] = max(self.seen.get(strategy, 0), plan.sequence, newest.sequence)

    def owner(self, symbol: str) -> str:
        """Whose symbol it is; a strategy that is no longer configured owns nothing."""
        owner = self.owners.get(symbol, "")
        return owner if owner in self._config.traders else ""

    def ranked(self) -> list[tuple[tuple[str, str], PlanChanged]]:
        """Plans of the strategies that are configured, in their order."""
        order = {name: i for i, name in enumerate(self._config.traders)}
        known = [item for item in self.plans.items() if item[0][0] in order]
        return sorted(known, key=lambda item: (order[item[0][0]], item[0][1]))

    def judge(self, scene: Scene, symbols: set[str] | None = None) -> tuple[ApprovedTarget, ...]:
        """Approve again, all symbols or some; what differs from the last approval of its symbol."""
        fresh: list[ApprovedTarget] = []
        for (strategy, symbol), plan in self.ranked():
            if (symbols is not None and symbol not in symbols) or symbol not in scene.instruments:
                continue
            try:
                approved = self._approve(strategy, symbol, plan, scene)
            except Exception as error:  # noqa: BLE001 - the one broad handler: no approval is the safe side
                self._met(error)
                continue
            if approved is not None:
                fresh.append(approved)
        return tuple(fresh)

    def _approve(self, strategy: str, symbol: str, plan: PlanChanged, scene: Scene) -> ApprovedTarget | None:
        """A new approval, or None when nothing changed or the symbol is another's."""
        config, trader = self._config, self._config.traders[strategy]
        owner = self.owner(symbol)
        terms = Terms(
            scene.instruments[symbol], config.groups[symbol], trader.leverage,
            scene.capital.get(strategy, trader.capital), config.slippage,
            dict(config.most_leverage).get(symbol, scene.instruments[symbol].max_leverage),
        )
        view = View(
            covering(scene.causes, symbol, strategy), owner, scene.equity, scene.positions, config.groups, plan.price,
            self.selected.get((strategy, symbol), Selected(may_open=False)) if config.gated else None,
        )
        decision = approve(plan.target, view, terms, config.limits, self._voice.number(), scene.now_ms)
        self._voice.refused((strategy, symbol), decision.refusals, scene.now_ms)
        target = decision.approved.target
        if owner not in ("", strategy):
            return None
        if target.rungs or target.quantity > 0:
            self.owners[symbol] = strategy
        elif owner == strategy and symbol not in scene.positions:
            del self.owners[symbol]
        if self._told.get(symbol) == target:
            return None
        self._told[symbol] = target
        self.approved[symbol] = decision.approved
        return decision.approved
