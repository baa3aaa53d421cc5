"""The grid of a strategy: which values each parameter may take, and which of their combinations are allowed.

A combination is a row of ``codes``, int32[n_names]: the position of its value in each name's values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.strategy import Parameters

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
        chosen = {name: v[int(i)] for name, v, i in zip(self.names, self.values, code, strict=True)}
        return {**dict(self.fixed), **chosen}
