"""Candles as bits: packed from flags, and found again one after another."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from engine.bits import WORD, next_bit, pack, words


@njit
def _found(flags, bits, count):
    """Packs ``flags`` into ``bits``; for each place up to ``count`` the next bit that is set."""
    pack(bits, flags)
    return [next_bit(bits, t, count) for t in range(count + 1)]


@given(st.lists(st.booleans(), min_size=1, max_size=300), st.sampled_from([1.0, 0.05]))
def test_each_bit_is_found_from_everywhere_before_it(drawn, share):
    count = len(drawn)
    flags = np.zeros(words(count) * WORD, np.bool_)
    flags[:count] = np.array(drawn) & (np.random.default_rng(count).random(count) < share)
    bits = np.empty(words(count), np.uint64)
    found = _found(flags, bits, count)
    following = [t for t in range(count) if flags[t]]
    assert found == [next((f for f in following if f >= t), count) for t in range(count + 1)]
    assert sum(int(word).bit_count() for word in bits) == len(following)
