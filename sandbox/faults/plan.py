"""Which faults strike when: rules in force, their draws, and the count of what was given.

Law: the same rules and the same sequence of occasions give the same faults, in any process. Each rule draws from its
own generator, once for each occasion that it is about and that no earlier rule has taken.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from sandbox.faults.kinds import TRAITS, FaultKind, Where
from sandbox.faults.occasion import Occasion
from sandbox.faults.rules import FaultRule


class Injection(NamedTuple):
    """A fault given. ``number`` counts them all from 1, ``rule`` is the rule's number."""

    number: int
    rule: int
    kind: FaultKind
    argument: float | str | None
    path: str
    channel: str
    symbol: str
    roles: str

    @property
    def seconds(self) -> float:
        """The argument of a kind that takes seconds."""
        return float(self.argument or 0.0)


@dataclass(slots=True)
class Standing:
    """A rule in force: occasions seen, strikes given."""

    number: int
    rule: FaultRule
    seen: int = 0
    given: int = 0
    draws: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.draws = random.Random(self.rule.seed)  # reproducible, which is the point

    def about(self, occasion: Occasion) -> bool:
        """Whether the rule is about it."""
        rule = self.rule
        if rule.paths and not _like(occasion.path, rule.paths):
            return False
        if rule.channels and not _like(occasion.channel, rule.channels):
            return False
        if rule.symbols and occasion.symbol not in rule.symbols:
            return False
        if rule.roles:
            return not occasion.roles.isdisjoint(rule.roles)
        return bool(occasion.roles or rule.paths or not TRAITS[rule.kind].trading)

    def strikes(self) -> bool:
        """Whether it strikes on this occasion, which it counts."""
        self.seen += 1
        drawn = self.draws.random() < self.rule.probability
        if self.given >= self.rule.most or self.seen < (self.rule.nth or 1) or not drawn:
            return False
        self.given += 1
        return True

    def as_json(self) -> dict[str, Any]:
        """The rule and how often it was looked at and struck."""
        return {"number": self.number, **self.rule.as_json(), "seen": self.seen, "given": self.given}


class Faults:
    """The rules in force. ``tell`` hears of every injection."""

    def __init__(self, tell: Callable[[Injection], None]) -> None:
        self._tell = tell
        self._standing: list[Standing] = []
        self._by_place: dict[Where, list[Standing]] = {}
        self._rules = 0
        self.given: Counter[str] = Counter()

    def add(self, rules: Iterable[FaultRule]) -> list[Standing]:
        """Put rules in force, after those that are."""
        added = []
        for rule in rules:
            self._rules += 1
            added.append(Standing(self._rules, rule))
        self._set([*self._standing, *added])
        for standing in added:
            if TRAITS[standing.rule.kind].where is Where.CLOCK:  # in force all the time, whatever the occasion
                standing.given += 1
                self._give(standing, Occasion())
        return added

    def remove(self, number: int | None = None) -> int:
        """Take a rule back, or all of them; how many were in force."""
        kept = [standing for standing in self._standing if number is not None and standing.number != number]
        removed = len(self._standing) - len(kept)
        self._set(kept)
        return removed

    @property
    def standing(self) -> tuple[Standing, ...]:
        """Rules in force, oldest first."""
        return tuple(self._standing)

    def any(self, where: Where) -> bool:
        """Whether any rule is in force at a place: a cheap look, so that without faults nothing costs anything."""
        return bool(self._by_place.get(where))

    def strike(self, where: Where, occasion: Occasion, kinds: Iterable[FaultKind] | None = None) -> Injection | None:
        """The first fault that strikes at a place, of these kinds or of any; it is counted and told."""
        for standing in self._by_place.get(where, ()):
            if (kinds is None or standing.rule.kind in kinds) and standing.about(occasion) and standing.strikes():
                return self._give(standing, occasion)
        return None

    @property
    def skew_ms(self) -> int:
        """How far the exchange's clock is ahead; negative when it is behind."""
        return sum(int(float(s.rule.argument or 0)) for s in self._by_place.get(Where.CLOCK, ()))

    def _set(self, standing: list[Standing]) -> None:
        self._standing = standing
        self._by_place = {}
        for each in standing:
            self._by_place.setdefault(TRAITS[each.rule.kind].where, []).append(each)

    def _give(self, standing: Standing, occasion: Occasion) -> Injection:
        self.given[standing.rule.kind.value] += 1
        injection = Injection(
            self.given.total(), standing.number, standing.rule.kind, standing.rule.argument, occasion.path,
            occasion.channel, occasion.symbol, " ".join(sorted(occasion.roles)),
        )
        self._tell(injection)
        return injection


def _like(text: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)
