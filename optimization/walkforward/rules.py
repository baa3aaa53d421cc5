"""Which combinations the parameters' own rules allow, asked once for each that the rules can tell apart.

A rule between parameters looks at few of them. What it reads is noted, so that combinations which differ elsewhere
alone are asked about once: of a million combinations some hundreds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from core.strategy import Parameters

Check = Callable[[dict[str, Any]], object]
"""Raises ValidationError for values that are not allowed."""

MANY: Final = 4096
"""Of fewer combinations each is asked about, which takes less than watching."""


class Rules:
    """The rules of a model over values by name, as a grid has them, and what all others are."""

    def __init__(
        self, model: type[Parameters], names: Sequence[str], values: Sequence[Sequence[Any]], fixed: Mapping[str, Any]
    ) -> None:
        self._model, self._names, self._values, self._fixed = model, tuple(names), values, fixed
        self.check: Check = model.__pydantic_validator__.validate_python

    def keep(self, codes: NDArray[np.int32]) -> NDArray[np.bool_]:
        """bool[n]: which of ``codes`` (int32[n, n_names], positions of values) are allowed."""
        if len(codes) < MANY or not _foreseeable(self._model):
            return self._each(codes, self.check)
        keep = self._sound(codes)
        if keep.any():
            keep[keep] = self._told_apart(codes[keep])
        return keep

    def refusal(self, code: NDArray[np.int32]) -> str:
        """Why a combination is not allowed, '' when it is."""
        try:
            self.check(self._of(code.tolist()))
        except ValidationError as error:
            return str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
        return ""

    def _sound(self, codes: NDArray[np.int32]) -> NDArray[np.bool_]:
        """bool[n]: where every value is allowed by itself, whatever the others are."""
        sound = np.ones(len(codes), np.bool_)
        for axis, name in enumerate(self._names):
            for i in np.unique(codes[:, axis]).tolist():
                one = codes[0].tolist()
                one[axis] = i
                try:
                    self.check(self._of(one))
                except ValidationError as error:
                    if any(e["loc"][:1] == (name,) for e in error.errors(include_url=False)):
                        sound &= codes[:, axis] != i
        return sound

    def _told_apart(self, codes: NDArray[np.int32]) -> NDArray[np.bool_]:
        """bool[n], of sound ones: whether the rules that look at several values allow them."""
        read: set[str] = set()
        watched = _watched(self._model, read)
        axes: list[int] = []
        while True:
            first, which = _different(codes[:, axes])
            allowed = self._each(codes[first], watched)
            wanted = [axis for axis, name in enumerate(self._names) if name in read or _ALL in read]
            if wanted == axes:  # nothing else was looked at, whichever way the rules went
                return allowed[which]
            axes = wanted

    def _each(self, codes: NDArray[np.int32], check: Check) -> NDArray[np.bool_]:
        keep = np.ones(len(codes), np.bool_)
        for row, code in enumerate(codes.tolist()):
            try:
                check(self._of(code))
            except ValidationError:
                keep[row] = False
        return keep

    def _of(self, code: Sequence[int]) -> dict[str, Any]:
        found = dict(self._fixed)
        for name, choices, i in zip(self._names, self._values, code, strict=True):
            found[name] = choices[i]
        return found


_ALL: Final = "__dict__"
"""Stands for every parameter: who reads it may look at any."""


def _foreseeable(model: type[Parameters]) -> bool:
    """Whether all rules are asked about finished parameters, whose reading can be noted."""
    rules = model.__pydantic_decorators__
    return not (rules.root_validators or rules.field_validators or rules.validators) and all(
        rule.info.mode == "after" for rule in rules.model_validators.values()
    )


def _watched(model: type[Parameters], read: set[str]) -> Check:
    """The check of a model that notes in ``read`` which parameters its rules read."""
    fields = frozenset(model.model_fields)

    class Watched(model):  # type: ignore[misc, valid-type]  # made of what is given
        def __getattribute__(self, name: str) -> Any:
            if name in fields:
                read.add(name)
            elif name == _ALL or name.startswith("model_"):
                read.add(_ALL)
            return super().__getattribute__(name)

    check: Check = Watched.__pydantic_validator__.validate_python
    return check


def _different(codes: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first row of each different combination, and for every row which of these it is."""
    if codes.shape[1] == 0:
        return np.zeros(1, np.int64), np.zeros(len(codes), np.int64)
    numbers = np.ravel_multi_index(tuple(codes.T), tuple(codes.max(axis=0) + 1))
    _, first, which = np.unique(numbers, return_index=True, return_inverse=True)
    return first, which
