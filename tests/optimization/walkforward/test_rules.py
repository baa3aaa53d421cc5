"""Rules between parameters: asking about few combinations says the same of all as asking about each."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pytest
from pydantic import Field, field_validator, model_validator

from core.strategy import Parameters
from optimization.walkforward.grid import Grid, combinations
from optimization.walkforward.rules import MANY, Rules

NAMES = ("a", "b", "c", "d")
VALUES = (tuple(range(1, 10)),) * 4
ASKED: list[Any] = []
"""Filled by the rules below, emptied by each test."""


class Plain(Parameters):
    a: int = Field(1, lt=9)
    b: int = 1
    c: int = 1
    d: int = 1
    e: int = 3


class Two(Plain):
    @model_validator(mode="after")
    def _two(self) -> Self:
        ASKED.append(self)
        if self.a + self.e < self.b:
            raise ValueError("a + e must reach b")
        return self


class Branching(Plain):
    @model_validator(mode="after")
    def _branch(self) -> Self:
        ASKED.append(self)
        if self.a == 7 and self.b == 3 and self.c > 4:
            raise ValueError("c is too large")
        return self


class Several(Two):
    @property
    def both(self) -> int:
        return self.c * self.d

    @model_validator(mode="after")
    def _several(self) -> Self:
        if self.both % 5 == 0:
            raise ValueError("no fives")
        return self


class Dumping(Plain):
    @model_validator(mode="after")
    def _all(self) -> Self:
        if sum(self.model_dump().values()) % 3 == 0:
            raise ValueError("no threes")
        return self


class Compared(Plain):
    @model_validator(mode="after")
    def _equal(self) -> Self:
        if self == type(self).model_construct(a=2, b=2, c=2, d=2):
            raise ValueError("not this one")
        return self


class Before(Plain):
    @model_validator(mode="before")
    @classmethod
    def _raw(cls, values: dict[str, Any]) -> dict[str, Any]:
        if values["d"] > values["c"]:
            raise ValueError("d is above c")
        return values


class OneField(Plain):
    @field_validator("c")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("c must be even")
        return value


def every() -> np.ndarray:
    """Every combination, as `combinations` orders them."""
    places = np.meshgrid(*(np.arange(len(v)) for v in VALUES), indexing="ij")
    return np.stack(places, -1).reshape(-1, 4).astype(np.int32)


@pytest.mark.parametrize("model", [Plain, Two, Branching, Several, Dumping, Compared, Before, OneField])
def test_the_same_are_allowed_as_when_each_is_asked_about(model: type[Parameters]) -> None:
    codes = every()
    assert len(codes) >= MANY
    rules = Rules(model, NAMES, VALUES, {"e": 2})
    kept = rules.keep(codes)
    assert kept.tolist() == [rules.refusal(code) == "" for code in codes]
    assert 0 < kept.sum() < len(codes)


@pytest.mark.parametrize(("model", "most"), [(Two, 250), (Branching, 1100)])
def test_rules_are_asked_once_for_what_they_look_at(model: type[Parameters], most: int) -> None:
    ASKED.clear()
    Rules(model, NAMES, VALUES, {"e": 3}).keep(every())
    assert 0 < len(ASKED) <= most


def test_a_grid_of_many_keeps_what_its_rules_allow() -> None:
    found = combinations(Grid(NAMES, VALUES, (("e", 0),)), Two)
    expected = [code for code in every().tolist() if code[0] < 8 and code[0] >= code[1]]
    assert found.tolist() == expected
