"""Distinct records, found by hash and compared word by word."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.distinct import distinct

WORDS = st.sampled_from([0, 1, 2, *np.array([-0.0, 1.5, np.nan]).view(np.uint64).tolist()])


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1))
def test_records_are_the_same_when_their_chosen_words_are(rows):
    first, which = distinct(np.array(rows, np.uint64), np.array([0, 2]))
    chosen = [(a, c) for a, _, c in rows]
    assert [chosen[first[w]] for w in which] == chosen
    assert list(first) == [i for i, words in enumerate(chosen) if words not in chosen[:i]]


def test_records_of_one_hash_are_told_apart():
    odd = 0x9E3779B97F4A7C15
    unmixed = odd ^ (odd >> 29) ^ (odd >> 58)  # a first word that counts as much as 1 does as the second
    first, which = distinct(np.array([[unmixed, 0], [0, 1], [unmixed, 0]], np.uint64), np.arange(2))
    assert list(first) == [0, 1]
    assert list(which) == [0, 1, 0]
