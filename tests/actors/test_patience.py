"""A start is waited for as long as it goes on."""

from __future__ import annotations

import pytest

from actors.wiring.patience import Patience
from core.errors import ScalpRadarError


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_start_that_goes_on_is_waited_for_however_long_it_takes() -> None:
    clock = Clock()
    patience = Patience(60.0, clock)
    for step in range(100):
        patience.look((3, step))
        clock.now_s += 60.0
    patience.look((2, 99))


def test_a_start_that_stands_still_is_given_up() -> None:
    clock = Clock()
    patience = Patience(60.0, clock)
    patience.look((3, 7))
    clock.now_s = 60.0
    patience.look((3, 7))
    clock.now_s = 60.1
    with pytest.raises(ScalpRadarError, match="not come any further for 60 s"):
        patience.look((3, 7))
