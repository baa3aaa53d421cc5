"""The corners of a strategy's parameters: each at its bounds, alone and together with others."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from core.strategy import Parameters

MOST: Final = 32
_INSIDE: Final = 0.01
"""Of the width: how far inside a bound that itself is excluded."""


def corners(params: Parameters, seed: int = 9) -> list[Parameters]:
    """Valid parameters other than ``params``: one at an end of its range, then several; all seeded, none twice.

    Whole numbers and choices take their first and last value; where a bound is missing there is no corner.
    """
    ends = {name: both for name, field in _fields(type(params)).items() if (both := _ends(field))}
    given = params.model_dump()
    wanted = [{name: value} for name, values in ends.items() for value in values]
    wanted += _together(ends, seed)
    found: dict[str, Parameters] = {}
    for values in wanted:
        try:
            corner = type(params)(**{**given, **values})
        except ValidationError:
            continue  # a combination that the strategy itself refuses
        found.setdefault(corner.model_dump_json(), corner)
    found.pop(params.model_dump_json(), None)
    return list(found.values())


def _together(ends: Mapping[str, tuple[Any, ...]], seed: int) -> list[dict[str, Any]]:
    """All parameters at ends at once: every combination where they are few, else `MOST` of them."""
    count = int(np.prod([len(v) for v in ends.values()], dtype=np.float64)) if ends else 0
    if count <= MOST:
        return [dict(zip(ends, values, strict=True)) for values in product(*ends.values())] if ends else []
    rng = np.random.default_rng(seed)
    lowest_highest = [{n: v[side] for n, v in ends.items()} for side in (0, -1)]
    return lowest_highest + [
        {name: values[int(rng.integers(len(values)))] for name, values in ends.items()} for _ in range(MOST - 2)
    ]


def _fields(model: type[Parameters]) -> dict[str, Mapping[str, Any]]:
    schema = model.model_json_schema()
    shared = schema.get("$defs", {})
    return {
        name: shared[field["$ref"].rpartition("/")[2]] if "$ref" in field else field
        for name, field in schema.get("properties", {}).items()
    }


def _ends(field: Mapping[str, Any]) -> tuple[Any, ...]:
    if "enum" in field:
        return tuple(field["enum"])
    kind = field.get("type")
    if kind == "boolean":
        return (False, True)
    if kind not in ("integer", "number"):
        return ()
    low = field.get("minimum", field.get("exclusiveMinimum"))
    high = field.get("maximum", field.get("exclusiveMaximum"))
    whole = kind == "integer"
    inside = 1 if whole else _INSIDE * (high - low) if low is not None and high is not None else None
    found = []
    for bound, excluded, sign in ((low, "exclusiveMinimum" in field, 1), (high, "exclusiveMaximum" in field, -1)):
        if bound is None or (excluded and inside is None):
            continue
        value = bound + sign * (inside or 0) if excluded else bound
        found.append(int(value) if whole else float(value))
    return tuple(found)
