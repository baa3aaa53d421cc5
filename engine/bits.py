"""Sets of candles as bits, 64 to a word: an index over years of them stays in the nearest cache."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from engine.rounding import borrowing, inline

WORD = 64
_BYTES = 8
_GATHER = np.uint64(0x0102040810204080)
"""Times eight bytes of 0 or 1, the first the lowest: its highest byte has their bits, the first the lowest."""


@intrinsic
def _first_bit(_typing: Any, word: Any) -> Any:
    """Number of the lowest bit of a word that is not 0."""

    def lower(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), lower


@inline
def words(count):
    """How many words hold so many bits."""
    return (count + WORD - 1) // WORD


@borrowing
def next_bit(bits, t, none):
    """The first bit that is set from ``t`` on; ``none`` when there is no more. bits : uint64[words]."""
    k = t // WORD
    if k >= bits.size:
        return none
    word = bits[k] >> np.uint64(t % WORD)
    if word != 0:
        return t + _first_bit(word)
    for j in range(k + 1, bits.size):
        if bits[j] != 0:
            return j * WORD + _first_bit(bits[j])
    return none


@borrowing
def pack(bits, flags):
    """Into ``bits``, uint64[W]: which of ``flags``, bool[64 W], are set."""
    eights = flags.view(np.uint64)
    for k in range(bits.size):
        word = np.uint64(0)
        for j in range(_BYTES):
            word |= ((eights[k * _BYTES + j] * _GATHER) >> np.uint64(56)) << np.uint64(j * _BYTES)
        bits[k] = word
