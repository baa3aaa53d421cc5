"""Keep the exchange equal to the target: what is wanted, what is there -> what to send.

Laws
- Pure, and idempotent: once its commands have worked, whatever stood there before, it answers with none.
- Protection first: a position without a position-level stop gets one before anything else is looked at.
- A stop stands on the losing side, nearer than liquidation by a margin, is triggered by the configured price and
  executes at market. One that does not is moved in place; one on the wrong side is replaced.
- A position that nobody of ours has opened is protected and owned by nobody: beside it there are no entries.
- What the runner has not yet taken note of is left alone: while the position differs from the one the target speaks
  of (a fill is on its way to the runner), entries, stop and take profit stay as they are, unless ``settled`` says that
  the difference is there to stay.
- A cycle that has ended places nothing more: after an exit the rest of the ladder is withdrawn until the next row.
- Orders that are not ours are never touched, except position-level stops, of which a position has exactly one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from core.instrument import Instrument
from core.messages import FillRole
from core.order import OpenOrder, OrderKind, Side
from core.position import VenuePosition
from core.rounding import entry_price, floor_to_step, stop_price, target_price
from core.target import Rung, Target
from engine.client_ids import ClientId, decode


class Place(NamedTuple):
    """Send a limit order, or a market order when ``price`` is None; ``stop`` travels with an entry."""

    role: FillRole
    level: int
    side: Side
    quantity: float
    price: float | None
    reduce_only: bool = False
    stop: float | None = None


class Amend(NamedTuple):
    """Change a live limit order in place."""

    order: OpenOrder
    role: FillRole
    level: int
    quantity: float
    price: float
    stop: float | None = None


class Cancel(NamedTuple):
    """Withdraw a live order, trigger or not."""

    order: OpenOrder
    why: str


class PlaceStop(NamedTuple):
    """Protect the whole position with a stop at ``trigger``."""

    direction: int
    trigger: float


class AmendStop(NamedTuple):
    """Move the position's stop in place."""

    order: OpenOrder
    trigger: float


class ClosePosition(NamedTuple):
    """Leave at market, reduce-only."""

    role: FillRole
    direction: int
    quantity: float


Command = Place | Amend | Cancel | PlaceStop | AmendStop | ClosePosition


class Circumstances(NamedTuple):
    """What else counts.

    tag : of the strategy and symbol, as in client ids. filled : base filled in the target's cycle, by level.
    settled : a difference between position and target is not just a message under way.
    entries_allowed : False withdraws every entry (halted, or stopping). orphan_stop_fraction : stop distance for a
    position that no target speaks of, as a fraction of its average price, or of the mark price where that is worse.
    liquidation_margin : how much nearer than liquidation a stop must stand, same unit. trigger_source : what triggers
    stops, '' for any.
    unamendable : ids of orders whose change the venue has refused: they are withdrawn and placed anew.
    """

    instrument: Instrument
    tag: str
    filled: Mapping[int, float]
    settled: bool = True
    entries_allowed: bool = True
    orphan_stop_fraction: float = 0.05
    liquidation_margin: float = 0.01
    trigger_source: str = ""
    unamendable: frozenset[str] = frozenset()


_NO_TARGET: Final = Target("", "", 0, -1, 0)


def reconcile(
    target: Target | None, orders: Sequence[OpenOrder], position: VenuePosition | None, facts: Circumstances
) -> tuple[Command, ...]:
    """The commands that make the exchange equal to the target, most urgent first; () when it already is.

    Parameters
    ----------
    target : what was approved; None means that nobody wants anything here.
    orders : every live order of the symbol, triggers included. position : None when flat.
    """
    wanted = target or _NO_TARGET
    known = agrees(wanted, position, facts.instrument)
    commands: list[Command] = list(_protect(wanted, orders, position, facts, known or facts.settled))
    ours = {o.order_id: (o, parsed) for o in orders if (parsed := _ours(o)) is not None}
    if position is None and (wanted.quantity > 0 or sum(facts.filled.values()) > 0):
        commands += [Cancel(o, "the cycle has ended") for o, _ in ours.values()]
        return tuple(commands)
    if not known and not facts.settled:
        return tuple(commands)
    commands += _exits(wanted, ours, position, facts)
    commands += _entries(wanted, ours, position, facts, known)
    return tuple(commands)


def agrees(target: Target, position: VenuePosition | None, instrument: Instrument) -> bool:
    """Whether the open position is the one that the target speaks of, to half a step."""
    held = position.direction * position.quantity if position else 0.0
    return math.isclose(held, _expected(target), rel_tol=1e-9, abs_tol=max(instrument.step / 2, 1e-12))


def _expected(target: Target) -> float:
    return target.direction * target.quantity


def _ours(order: OpenOrder) -> ClientId | None:
    """What our id says; stops are dealt with by kind, whoever placed them."""
    return None if order.kind is OrderKind.STOP_LOSS else decode(order.client_id)


def _protect(
    target: Target, orders: Sequence[OpenOrder], position: VenuePosition | None, facts: Circumstances, certain: bool
) -> list[Command]:
    """Exactly one position-level stop, where the target wants it."""
    stops = [o for o in orders if o.kind is OrderKind.STOP_LOSS]
    if position is None:
        return [Cancel(o, "stop without a position") for o in stops]
    right = [o for o in stops if o.side is Side.opening(-position.direction)]
    commands: list[Command] = [Cancel(o, "stop on the wrong side") for o in stops if o not in right]
    wanted = _wanted_stop(target, position, facts)
    if not right:
        return [PlaceStop(position.direction, wanted), *commands]
    # the nearest to the wanted one stays; ties by id, so that the choice is the same every time
    keep, *extra = sorted(right, key=lambda o: (abs((o.trigger or 0.0) - wanted), o.order_id))
    commands += [Cancel(o, "a second stop") for o in extra]
    mine = target.direction == position.direction and target.quantity > 0 and target.stop is not None
    price = wanted if (mine and certain) or keep.trigger is None else _safe_stop(keep.trigger, position, facts)
    return [*commands, *([] if _stands(keep, price, facts) else [AmendStop(keep, price)])]


def _stands(stop: OpenOrder, price: float, facts: Circumstances) -> bool:
    """Whether a stop is at that price, triggered by what is configured, and executes at market."""
    foreign_source = facts.trigger_source and stop.trigger_source not in ("", facts.trigger_source)
    return _same(stop.trigger, price, facts.instrument.tick) and not foreign_source and stop.price is None


def _wanted_stop(target: Target, position: VenuePosition, facts: Circumstances) -> float:
    """The target's stop; for a first fill still unknown to the runner the one its rung carries; else a fallback."""
    direction = position.direction
    stop = target.stop if target.quantity > 0 else None
    if stop is None:
        carried = [r.stop for r in target.rungs if facts.filled.get(r.level, 0.0) > 0]
        stop = carried[-1] if carried else None
    if target.direction != direction or stop is None or not math.isfinite(stop):
        stop = _worse(position) * (1 - direction * facts.orphan_stop_fraction)
    return _safe_stop(stop, position, facts)


def _worse(position: VenuePosition) -> float:
    """The average, or the price where that is worse: a stop behind it can be placed, and does not close at once."""
    prices = (position.average, position.mark) if position.mark > 0 else (position.average,)
    return min(prices) if position.direction > 0 else max(prices)


def _safe_stop(stop: float, position: VenuePosition, facts: Circumstances) -> float:
    """The stop, but nearer than liquidation: by the margin, or half-way where the margin would reach the average."""
    d, average, liquidation = position.direction, position.average, position.liquidation
    if liquidation is not None and liquidation > 0 and d * (average - liquidation) > 0:
        distance = min(facts.liquidation_margin * average, abs(average - liquidation) / 2)
        farthest = liquidation + d * distance
        stop = max(stop, farthest) if d > 0 else min(stop, farthest)
    return stop_price(stop, d, facts.instrument.tick)


Ours = Mapping[str, tuple[OpenOrder, ClientId]]


def _exits(target: Target, ours: Ours, position: VenuePosition | None, facts: Circumstances) -> list[Command]:
    """One reduce-only take profit over the whole position, or leaving at market."""
    live = [(o, i) for o, i in ours.values() if i.role is not FillRole.ENTRY]
    if position is None or target.direction != position.direction or target.quantity <= 0:
        return [Cancel(o, "exit without our position") for o, _ in live]
    targets = [(o, i) for o, i in live if i.role is FillRole.TARGET]
    if target.leave:
        pending = any(i.role is FillRole.EXIT for _, i in live)
        close = ClosePosition(FillRole.EXIT, position.direction, position.quantity)
        return [*(Cancel(o, "leaving at market") for o, _ in targets), *([] if pending else [close])]
    return _take_profit(target, targets, position, facts)


def _take_profit(
    target: Target, targets: Sequence[tuple[OpenOrder, ClientId]], position: VenuePosition, facts: Circumstances
) -> list[Command]:
    if target.target is None or not math.isfinite(target.target):
        return [Cancel(o, "no take profit in this row") for o, _ in targets]
    wanted = Place(
        FillRole.TARGET, -1, Side.opening(-position.direction), position.quantity,
        target_price(target.target, position.direction, facts.instrument.tick), reduce_only=True,
    )
    old = [o for o, i in targets if not i.of(facts.tag, target.cycle)]
    there = [o for o, i in targets if i.of(facts.tag, target.cycle)]
    return [*(Cancel(o, "take profit of another cycle") for o in old), *_keep_one(wanted, there, facts)]


def _entries(
    target: Target, ours: Ours, position: VenuePosition | None, facts: Circumstances, known: bool
) -> list[Command]:
    """One order for each rung that is not filled yet; every other entry of ours withdrawn."""
    live = [(o, i) for o, i in ours.values() if i.role is FillRole.ENTRY]
    rungs = {r.level: r for r in target.rungs} if _may_enter(target, position, facts) else {}
    commands: list[Command] = [
        Cancel(o, "entry no longer wanted")
        for o, i in live
        if i.level not in rungs or not i.of(facts.tag, target.cycle)
    ]
    for level, rung in sorted(rungs.items()):
        wanted = _entry(rung, target.direction, facts, known)
        there = [o for o, i in live if i.level == level and i.of(facts.tag, target.cycle)]
        if wanted is None:
            commands += [Cancel(o, "level is filled") for o in there if not o.filled]
            continue
        commands += _keep_one(wanted, there, facts)
    return commands


def _may_enter(target: Target, position: VenuePosition | None, facts: Circumstances) -> bool:
    """Whether entries of this row may rest: not beside a position of the other side, or of somebody else."""
    if not facts.entries_allowed or target.leave or target.direction == 0:
        return False
    if position is None:
        return True
    ours = target.quantity > 0 or sum(facts.filled.values()) > 0
    return ours and position.direction == target.direction


def _entry(rung: Rung, direction: int, facts: Circumstances, known: bool) -> Place | None:
    """The order for a rung; None when it is filled or too small to send.

    A target that knows of every fill speaks of what is left of a rung. One that does not may still name a level that
    has filled: that one is not sent again.
    """
    rules = facts.instrument
    if facts.filled.get(rung.level, 0.0) > 0 and (not known or rung.price is None):
        return None  # a market order is sent once, a level that the runner has not heard of filling not again
    left = floor_to_step(rung.quantity, rules.step)
    if left <= 0 or left < rules.min_quantity:
        return None
    price = None if rung.price is None else entry_price(rung.price, direction, rules.tick)
    return Place(
        FillRole.ENTRY, rung.level, Side.opening(direction), left, price,
        stop=stop_price(rung.stop, direction, rules.tick),
    )


def _keep_one(wanted: Place, there: list[OpenOrder], facts: Circumstances) -> list[Command]:
    """Exactly one live order like ``wanted``: placed, amended in place, or left alone; doubles withdrawn."""
    if not there:
        return [wanted]
    there = sorted(
        there, key=lambda o: (not _like(o, wanted, facts.instrument), o.side is not wanted.side, o.order_id)
    )
    keep, *extra = there
    commands: list[Command] = [Cancel(o, "doubled") for o in extra]
    if _like(keep, wanted, facts.instrument) or wanted.price is None:
        return commands
    if keep.side is not wanted.side:  # the row has turned before anything filled; an order cannot change its side
        return [Cancel(keep, "on the other side"), *commands, wanted]
    if keep.filled > 0:  # what a new size means for a partly filled order differs between venues
        return [Cancel(keep, "partly filled, to be placed anew"), *commands, wanted]
    if keep.order_id in facts.unamendable:
        return [Cancel(keep, "cannot be amended, to be placed anew"), *commands, wanted]
    return [*commands, Amend(keep, wanted.role, wanted.level, wanted.quantity, wanted.price, wanted.stop)]


def _like(order: OpenOrder, wanted: Place, rules: Instrument) -> bool:
    """Whether a live order already is what is wanted (its preset stop counts only while it is an entry)."""
    left = order.quantity - order.filled
    return (
        order.side is wanted.side
        and _same(order.price, wanted.price, rules.tick)
        and math.isclose(left, wanted.quantity, rel_tol=1e-9, abs_tol=max(rules.step / 2, 1e-12))
        and (wanted.stop is None or _same(order.stop, wanted.stop, rules.tick))
    )


def _same(a: float | None, b: float | None, tick: float) -> bool:
    if a is None or b is None:
        return a is b
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=tick / 2)
