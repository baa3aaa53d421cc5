"""Parameters that are made many at a time are those that pydantic constructs."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pytest
from pydantic import Field, PrivateAttr

from core.strategy import Parameters
from optimization.walkforward.grid import Grid, combinations
from optimization.walkforward.making import maker
from strategies.discovery import find


class Plain(Parameters):
    """Fields, and what follows from them."""

    fast: int = Field(5, ge=1)
    slow: int = Field(20, ge=1)
    width: float = 1.0

    @cached_property
    def ratio(self) -> float:
        return self.fast / self.slow


class Private(Plain):
    """More than its fields."""

    _seen: list[int] = PrivateAttr(default_factory=list)


class Finished(Plain):
    """Does something when it is made."""

    def model_post_init(self, context: Any) -> None:
        object.__setattr__(self, "width", 2.0 * self.width)


@pytest.mark.parametrize("model", [Plain, Private, Finished, find("envelope_dca").Params])
def test_made_is_what_is_constructed(model: type[Parameters]) -> None:
    names = tuple(model.model_fields)[:2]
    rest = {name: field.default for name, field in model.model_fields.items() if name not in names}
    grid = Grid(names, ((3, 4, 5), (1, 2)), tuple(rest.items()))
    make = maker(model, grid)
    for code in combinations(grid, model).tolist():
        made, constructed = make(code), model.model_construct(**grid.values_of(code))
        assert made == constructed
        assert type(made) is type(constructed)
        assert made.model_fields_set == constructed.model_fields_set
        assert made.model_dump_json() == constructed.model_dump_json()
        assert repr(made) == repr(constructed)
        assert made.model_copy() == constructed


def test_what_one_remembers_another_does_not_know() -> None:
    make = maker(Plain, Grid(("fast", "slow"), ((3, 6), (1, 2)), (("width", 1.0),)))
    one, other = make([0, 0]), make([1, 0])
    assert isinstance(one, Plain)
    assert isinstance(other, Plain)
    assert (one.ratio, other.ratio) == (3.0, 6.0)
    with pytest.raises(ValueError, match="frozen"):
        one.fast = 7
