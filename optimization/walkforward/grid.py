"""The grid of a strategy: which values each parameter may take, and which of their combinations are allowed.

A combination is a row of ``codes``, int32[n_names]: the position of its value in each name's values.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from core.errors import InputError
from core.strategy import Parameters
from optimization.walkforward.rules import Rules

Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Grid:
    """Values by name, and what all other parameters are. values : one tuple a name, in steps."""

    names: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]
    fixed: tuple[tuple[str, Any], ...] = ()

    @property
    def size(self) -> int:
        """Combinations, allowed or not."""
        return prod(len(values) for values in self.values)

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each name has."""
        return tuple(len(values) for values in self.values)

    def values_of(self, code: Sequence[int] | Codes) -> dict[str, Any]:
        """Every parameter of a combination by name, the fixed ones too."""
        found = dict(self.fixed)
        for name, values, i in zip(self.names, self.values, code, strict=True):
            found[name] = values[i]
        return found


def grid_of(
    model: type[Parameters], values: Mapping[str, Sequence[Any]], params: Mapping[str, Any],
    given: Mapping[str, Sequence[Any]] | None = None,
) -> Grid:
    """The grid of ``values`` around ``params``, with each of ``given`` in place of what the grid has of that name.

    Values are as the model takes them (bounds, types), in the order given, each once. Raises InputError naming what is
    wrong: no values, an unknown name, a value outside its bounds.
    """
    wanted = {**values, **(given or {})}
    if not wanted:
        raise InputError(f"grid: is empty: allowed is at least one of {', '.join(model.model_fields)} with its values")
    for name in [*wanted, *params]:
        if name not in model.model_fields:
            raise InputError(f"grid: {name} is unknown: {_known(name, model)}")
    checked = {name: _checked(model, name, choices, params) for name, choices in wanted.items()}
    first = {name: choices[0] for name, choices in checked.items()}
    rest = {name: value for name, value in _defaults(model, params).items() if name not in first}
    return Grid(tuple(checked), tuple(checked.values()), tuple(rest.items()))


def combinations(grid: Grid, model: type[Parameters]) -> Codes:
    """Every allowed combination of the whole grid, the last name's values first (int32[n, n_names]).

    Raises InputError when the parameters' own rules allow none.
    """
    codes = np.stack(np.unravel_index(np.arange(grid.size), grid.shape), axis=1).astype(np.int32)
    return allowed(grid, model, codes)


def allowed(grid: Grid, model: type[Parameters], codes: Codes) -> Codes:
    """Those of ``codes`` that the parameters' own rules allow. Raises InputError, with the rule, when there is none."""
    if _only_bounds(model):
        return codes
    rules = Rules(model, grid.names, grid.values, dict(grid.fixed))
    keep = rules.keep(codes)
    if not keep.any():
        raise InputError(f"grid: none of {len(codes)} combinations is allowed: {rules.refusal(codes[0])}")
    return codes[keep]


def positions(grid: Grid, codes: Codes) -> NDArray[np.int64]:
    """int64[n]: the place of each combination in the whole grid, its number."""
    return np.asarray(np.ravel_multi_index(tuple(codes.T), grid.shape), np.int64)


def _only_bounds(model: type[Parameters]) -> bool:
    """Whether the model has no rules between parameters: then the check of each value was enough."""
    rules = model.__pydantic_decorators__
    return not (rules.model_validators or rules.root_validators or rules.field_validators)


def _defaults(model: type[Parameters], params: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter as ``params`` and the model's defaults have it; rules between them may still be broken."""
    found = {name: field.get_default(call_default_factory=True) for name, field in model.model_fields.items()}
    for name, value in params.items():
        (found[name],) = _checked(model, name, (value,), params)
    return found


def _checked(
    model: type[Parameters], name: str, choices: Sequence[Any], params: Mapping[str, Any]
) -> tuple[Any, ...]:
    """The values of a name as the model takes them, each once."""
    if len(choices) == 0:
        raise InputError(f"grid: {name} has no values: allowed is at least one")
    return tuple(dict.fromkeys(_value(model, name, value, params) for value in choices))


def _value(model: type[Parameters], name: str, value: Any, params: Mapping[str, Any]) -> Any:
    """One value as the model takes it. Raises InputError with the bound that it breaks."""
    try:
        return getattr(model.model_validate({**params, name: value}), name)
    except ValidationError as error:
        mine = [e for e in error.errors(include_url=False) if e["loc"][:1] == (name,)]
        if mine:
            raise InputError(f"grid: {name} = {value!r}: {mine[0]['msg']}") from None
    # only a rule between parameters is broken, which another combination may keep
    kind = model.model_fields[name].annotation
    return kind(value) if kind in (int, float) else value


def _known(name: str, model: type[Parameters]) -> str:
    near = difflib.get_close_matches(name, model.model_fields, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(model.model_fields)}"
