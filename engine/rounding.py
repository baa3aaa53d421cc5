"""The functions of `core.rounding`, compiled for the engine from the same source."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from numba import njit

from core import rounding

inline = njit(error_model="numpy", nogil=True, forceinline=True)
"""For functions that are copied into their few callers: a call with a dozen records costs more than most of them do."""


def _compiled(function: Callable[..., float], **callees: Any) -> Any:
    """``function`` compiled, with the functions that it calls replaced by compiled ones."""
    assert isinstance(function, FunctionType)
    return inline(FunctionType(function.__code__, {**function.__globals__, **callees}, function.__name__))


_CALLEES = {
    "floor_to_step": _compiled(rounding.floor_to_step),
    "ceil_to_step": _compiled(rounding.ceil_to_step),
}

floor_to_step = _CALLEES["floor_to_step"]
entry_price = _compiled(rounding.entry_price, **_CALLEES)
target_price = _compiled(rounding.target_price, **_CALLEES)
stop_price = _compiled(rounding.stop_price, **_CALLEES)
