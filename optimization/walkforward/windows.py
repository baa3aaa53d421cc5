"""The windows of a walk-forward run: where parameters are chosen, and the days after it on which they are judged.

Law: no day is judged twice, and none is judged that parameters were chosen on. Windows are half-open spans of UTC time
that begin and end at midnight, never row counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import DataError, InputError
from core.timeframe import DAY_MS

FEWEST_WINDOWS = 2


@dataclass(frozen=True, slots=True)
class WindowRule:
    """Lengths in days. anchored : every in-sample window begins with the data, and so grows.

    Raises InputError when a length is below a day, and when steps shorter than a window would judge days twice.
    """

    in_sample_days: int = 180
    out_of_sample_days: int = 60
    step_days: int = 60
    anchored: bool = False

    def __post_init__(self) -> None:
        for key in ("in_sample_days", "out_of_sample_days", "step_days"):
            if getattr(self, key) < 1:
                raise InputError(f"windows: {key} = {getattr(self, key)}: allowed is 1 or more")
        if self.step_days < self.out_of_sample_days:
            allowed = f"at least out_of_sample_days, {self.out_of_sample_days}, or days would be judged twice"
            raise InputError(f"windows: step_days = {self.step_days}: {allowed}")


@dataclass(frozen=True, slots=True)
class Window:
    """Chosen on [in_from_ms, in_to_ms), judged on [out_from_ms, out_to_ms), UTC ms; between the two lies the purge."""

    index: int
    in_from_ms: int
    in_to_ms: int
    out_from_ms: int
    out_to_ms: int


def windows(rule: WindowRule, from_ms: int, to_ms: int, purge_ms: int = 0) -> tuple[Window, ...]:
    """Every window that fits into whole days of [from_ms, to_ms), oldest first; the last ends at most at ``to_ms``.

    ``purge_ms`` is rounded up to whole days. Raises DataError, saying how much is there and how much is needed, when
    fewer than two fit.
    """
    first, last = whole_days(from_ms, to_ms)
    inside, outside, step, purge = rule.in_sample_days, rule.out_of_sample_days, rule.step_days, purge_days(purge_ms)
    found: list[Window] = []
    end = first + inside
    while end + purge + outside <= last:
        begin = first if rule.anchored else end - inside
        days = (begin, end, end + purge, end + purge + outside)
        found.append(Window(len(found), *(day * DAY_MS for day in days)))
        end += step
    if len(found) < FEWEST_WINDOWS:
        needed = inside + purge + outside + (FEWEST_WINDOWS - 1) * step
        raise DataError(
            f"{max(last - first, 0)} whole days from {_day(first)} to {_day(last)} are too few for {FEWEST_WINDOWS} "
            f"windows: needed are {needed} ({inside} in sample, {purge} of purge, {outside} out of sample, "
            f"{step} a step)"
        )
    return tuple(found)


def latest(rule: WindowRule, from_ms: int, to_ms: int) -> tuple[int, int]:
    """The most recent in-sample window of whole days, [from, to) in UTC ms: on it what is deployed is chosen."""
    first, last = whole_days(from_ms, to_ms)
    begin = first if rule.anchored else max(first, last - rule.in_sample_days)
    return begin * DAY_MS, last * DAY_MS


def needed_days(rule: WindowRule, purge_ms: int = 0) -> int:
    """Whole days without which there are too few windows."""
    step = (FEWEST_WINDOWS - 1) * rule.step_days
    return rule.in_sample_days + purge_days(purge_ms) + rule.out_of_sample_days + step


def purge_days(purge_ms: int) -> int:
    """Whole days that hold ``purge_ms``."""
    return -(-purge_ms // DAY_MS)


def whole_days(from_ms: int, to_ms: int) -> tuple[int, int]:
    """Day numbers [first, last) of the whole UTC days inside [from_ms, to_ms)."""
    return -(-from_ms // DAY_MS), to_ms // DAY_MS


def _day(number: int) -> str:
    return str(np.datetime64(number, "D"))
