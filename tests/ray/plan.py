"""Who is killed when: drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple


class Moment(StrEnum):
    """Where within a minute of the market."""

    BEFORE = "before"
    DURING = "during"
    FILL = "fill"


class Plan(NamedTuple):
    """A kill to come. ``moment`` FILL waits for the next fill, ``in_position`` for an open position."""

    actor: str
    minute: int
    moment: Moment
    in_position: bool
    delay_s: float


def planned(actors: Collection[str], seed: int, each: int, minutes: int) -> list[Plan]:
    """Every actor ``each`` times, in a seeded order, spread over the first nine tenths of the minutes."""
    rng = random.Random(seed)
    victims = [actor for actor in sorted(actors) for _ in range(each)]
    rng.shuffle(victims)
    due = sorted(rng.sample(range(minutes * 9 // 10), len(victims)))
    moments = list(Moment)
    return [
        Plan(actor, minute, moments[i % len(moments)], i % 2 == 0, rng.random() * 0.02)
        for i, (actor, minute) in enumerate(zip(victims, due, strict=True))
    ]
