"""Random choices without a generator's state: same arguments, same draw, in any process, order or machine.

Splitmix64's finaliser (Steele, Lea, Flood, 2014) chained over the arguments.
"""

from __future__ import annotations

import zlib

import numpy as np
from numba import njit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@njit(nogil=True, forceinline=True)
def mix(x: np.uint64) -> np.uint64:
    """uint64: splitmix64's finaliser of ``x`` plus its increment."""
    x = x + _GOLDEN
    x = (x ^ (x >> _S30)) * _MIX_1
    x = (x ^ (x >> _S27)) * _MIX_2
    return x ^ (x >> _S31)


@njit(nogil=True, forceinline=True)
def uniform_inline(seed: int, symbol_id: int, ts_ms: int, level: int) -> float:
    """`uniform`, to be copied into compiled code."""
    x = mix(np.uint64(seed))
    x = mix(x ^ np.uint64(symbol_id))
    x = mix(x ^ np.uint64(ts_ms))
    x = mix(x ^ np.uint64(level))
    return float(x >> _S11) * (1.0 / 9007199254740992.0)


@njit("float64(int64, int64, int64, int64)", cache=True, nogil=True)
def uniform(seed: int, symbol_id: int, ts_ms: int, level: int) -> float:
    """A draw from [0, 1) that depends on the arguments alone."""
    return uniform_inline(seed, symbol_id, ts_ms, level)


def symbol_id(symbol: str) -> int:
    """A number for a symbol that never changes (CRC-32 of its name)."""
    return zlib.crc32(symbol.encode())
