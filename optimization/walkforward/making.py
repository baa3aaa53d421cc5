"""Parameters of combinations, thousands of them: what pydantic would construct, without its looking at every field."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import BaseModel

from core.strategy import Parameters
from optimization.walkforward.grid import Grid

Make = Callable[[Sequence[int]], Parameters]


def maker(model: type[Parameters], grid: Grid) -> Make:
    """Makes of a code what ``model.model_construct(**grid.values_of(code))`` makes of it, in a quarter of the time.

    The first combination is constructed; the others have its fields with their own values.
    """
    first = model.model_construct(**grid.values_of([0] * len(grid.names)))
    if not _plain(first):
        return lambda code: model.model_construct(**grid.values_of(code))
    fields, given = first.__dict__, first.__pydantic_fields_set__
    axes = tuple(zip(grid.names, grid.values, strict=True))
    new, put = model.__new__, object.__setattr__

    def make(code: Sequence[int]) -> Parameters:
        own = fields.copy()
        for (name, values), i in zip(axes, code, strict=True):
            own[name] = values[i]
        params = new(model)
        put(params, "__dict__", own)
        put(params, "__pydantic_fields_set__", given)
        put(params, "__pydantic_extra__", None)
        put(params, "__pydantic_private__", None)
        return params

    return make


def _plain(params: Parameters) -> bool:
    """Whether an instance is its fields and nothing else."""
    return (
        params.__pydantic_private__ is None
        and params.__pydantic_extra__ is None
        and type(params).model_post_init is BaseModel.model_post_init
    )
