"""At which points executors die: at each that they come by, a few times, one after the other."""

from __future__ import annotations

from collections import Counter
from typing import Final

from tests.await_points import Moment, Points

PASSINGS: Final = (1, 2, 5)
"""At which passings of a point in one executor's life one dies, once for each."""


class Fate:
    """Of all executors of a campaign. ``mortal`` : whether they die now."""

    def __init__(self) -> None:
        self.mortal = False
        self._met: set[Moment] = set()

    @property
    def deaths(self) -> Counter[str]:
        """How many died at each point."""
        return Counter(name for name, _ in self._met)

    def points(self) -> Points:
        """Around the next executor."""
        return Points(self._dies)

    def _dies(self, moment: Moment) -> bool:
        if not self.mortal or moment[1] not in PASSINGS or moment in self._met:
            return False
        self._met.add(moment)
        return True
