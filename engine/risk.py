"""The risk rules, pure: a target comes in, an approved target goes out, with a reason for everything that was cut.

Laws
- Only entries are ever cut. Stop, take profit and leaving always pass: closing is allowed in every state.
- What somebody closes by hand leaves at market, whatever its strategy wants.
- A size is never raised. A ladder is cut from its far end: when rung k falls or shrinks, the rungs behind it fall.
- This module alone builds an `ApprovedTarget`.

Margin counts what positions hold now plus the whole ladder under judgement; ladders resting on other symbols are judged
again after every fill, so that they shrink as room shrinks. Why entries are forbidden altogether: `engine.risk_state`;
what a ladder may cost and lose: `engine.risk_sizes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from core.restriction import CLOSE, State
from core.settings import Risk
from core.target import ApprovedTarget, Rung, Target
from engine.liquidation import liquidation_price
from engine.risk_sizes import SIZE_RULES, steps_of
from engine.risk_view import Decision, Refusal, Selected, Terms, View

__all__ = ["Decision", "Refusal", "Selected", "State", "Terms", "View", "approve", "liquidation_price"]


def approve(target: Target, view: View, terms: Terms, limits: Risk, sequence: int, now_ms: int) -> Decision:
    """Every rule applied to one target, the strictest cut wins.

    Parameters
    ----------
    sequence : number of this approval, growing. now_ms : exchange time (UTC ms).
    """
    if target.quantity > 0 and any(cause.code == CLOSE for cause in view.causes):
        target = target._replace(leave=True)
    if not target.rungs:
        return Decision(ApprovedTarget(target, sequence, now_ms), ())
    refusals = [*_forbidden(target, view)]
    refusals += [r for rule in _RULES if (r := rule(target, view, terms, limits)) is not None]
    if any(_index(target, r.level) == 0 for r in refusals):  # forbidden altogether: no size matters
        return Decision(ApprovedTarget(target._replace(rungs=()), sequence, now_ms), tuple(refusals))
    left = target
    for size_rule in SIZE_RULES:
        found = size_rule(left, view, terms, limits) if left.rungs else None
        if found is not None:
            refusals.append(found)
            left = left._replace(rungs=_cut(left.rungs, found))
    keep = min((_index(target, r.level) + (r.granted > 0) for r in refusals), default=len(target.rungs))
    approved = target if not refusals else target._replace(rungs=left.rungs[:keep])
    return Decision(ApprovedTarget(approved, sequence, now_ms), tuple(refusals))


def _cut(rungs: tuple[Rung, ...], refusal: Refusal) -> tuple[Rung, ...]:
    """The rungs before the refused one, and that one as far as it was granted."""
    at = next(i for i, rung in enumerate(rungs) if rung.level == refusal.level)
    shrunk = (rungs[at]._replace(quantity=refusal.granted),) if refusal.granted > 0 else ()
    return rungs[:at] + shrunk


def _index(target: Target, level: int) -> int:
    return next((i for i, rung in enumerate(target.rungs) if rung.level == level), 0)


def _first(target: Target, code: str, detail: str) -> Refusal:
    return Refusal(code, detail, target.rungs[0].level, target.rungs[0].quantity)


def _forbidden(target: Target, view: View) -> Iterator[Refusal]:
    """Every cause in force, one after another."""
    for cause in view.causes:
        yield _first(target, cause.code, f"{cause.state.value}, only exits: {cause.reason}")


def _selection(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    """Only strategies that earned it open positions with real money, each within its share of the margin."""
    selected = view.selected
    if selected is None:
        return None
    if not selected.may_open:
        return _first(target, "not_selected", selected.detail or "the selector has not decided yet")
    most = selected.weight * limits.max_margin_use * view.equity
    for step in steps_of(target, view) if selected.weight < 1 else ():
        if step.cost / terms.leverage > most * (1 + 1e-9):
            detail = f"margin of the ladder would be {step.cost / terms.leverage:.2f} USDT, its share is {most:.2f}"
            return Refusal("capital_share", detail, step.rung.level, step.rung.quantity)
    return None


def _ownership(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    """One-way mode nets positions: a symbol is one strategy's until it is flat."""
    if view.owner not in ("", target.strategy):
        return _first(target, "symbol_owned", f"{target.symbol} belongs to {view.owner} until it is flat")
    if not view.owner and target.symbol in view.positions and not target.quantity:
        return _first(target, "foreign_position", f"{target.symbol} has a position that no strategy of ours opened")
    return None


def _leverage(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    most = min(terms.most_leverage, terms.instrument.max_leverage)
    if terms.leverage <= most:
        return None
    return _first(target, "leverage", f"leverage {terms.leverage:g} is above the {most:g} that {target.symbol} allows")


def _position_count(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    others = [s for s in view.positions if s != target.symbol]
    if target.symbol in view.positions or len(others) < limits.max_positions:
        return None
    return _first(target, "max_positions", f"{len(others)} positions are open, at most {limits.max_positions}")


def _correlation(target: Target, view: View, terms: Terms, limits: Risk) -> Refusal | None:
    if target.symbol in view.positions:
        return None
    same = [
        s for s, p in view.positions.items()
        if s != target.symbol and p.direction == target.direction and view.groups.get(s) == terms.group
    ]
    if len(same) < limits.max_same_direction_per_group:
        return None
    return _first(target, "correlation", f"group {terms.group} already has {', '.join(sorted(same))} in this direction")


_RULES: tuple[Callable[[Target, View, Terms, Risk], Refusal | None], ...] = (
    _selection, _ownership, _leverage, _position_count, _correlation,
)
