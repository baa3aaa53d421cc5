"""Distinct records of an array, told apart by hash and compared word by word."""

from __future__ import annotations

import numpy as np
from numba import int32, int64, njit, types, uint64

_ODD = np.uint64(0x9E3779B97F4A7C15)
"""2**64 divided by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4, 1973)."""
_HALF = np.uint64(29)
_WORD = 64


@njit(
    types.Tuple((int64[::1], int32[::1]))(
        types.Array(uint64, 2, "C", readonly=True), types.Array(int64, 1, "C", readonly=True)
    ),
    error_model="numpy", nogil=True, cache=True,
)
def distinct(words, chosen):
    """(first int64[k], which int32[n]): where each distinct record stands first, and which of them each one is.

    words : uint64[n, w], the bytes of n records. Of each the words ``chosen`` int64[c] are compared.
    """
    n = words.shape[0]
    bits = 1
    while (1 << bits) < 2 * n:
        bits += 1
    slots = np.full(1 << bits, -1, np.int32)  # which distinct record a hash leads to; the next slot after another's
    first = np.empty(n, np.int64)
    which = np.empty(n, np.int32)
    found = 0
    for i in range(n):
        total = np.uint64(0)
        power = _ODD
        for c in chosen:
            word = words[i, c]
            total += (word ^ (word >> _HALF)) * power
            power *= _ODD
        slot = int64(total >> np.uint64(_WORD - bits))
        while True:
            known = slots[slot]
            if known < 0:
                slots[slot] = which[i] = found
                first[found] = i
                found += 1
                break
            j = first[known]
            same = True
            for c in chosen:
                same &= words[i, c] == words[j, c]
            if same:
                which[i] = known
                break
            slot = (slot + 1) & (slots.size - 1)
    return first[:found].copy(), which
