"""Distinct records, found by hash and checked by their bytes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine import distinct as module
from engine.distinct import distinct


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from([0.0, -0.0, 1.5, float("nan")])), min_size=1))
def test_records_are_the_same_when_their_bytes_are(rows):
    records = np.array(rows, dtype=[("a", "i8"), ("b", "f8")])
    first, which = distinct(records)
    assert [records[first[w]].tobytes() for w in which] == [r.tobytes() for r in records]
    assert len({records[f].tobytes() for f in first}) == len(first)
    assert all(records[f].tobytes() not in {r.tobytes() for r in records[:f]} for f in first)


def test_a_collision_of_hashes_is_noticed(monkeypatch):
    monkeypatch.setattr(module, "_ODD", np.uint64(0))  # every hash is 0
    first, which = distinct(np.arange(5).reshape(5, 1))
    assert len(first) == 5
    assert sorted(which) == [0, 1, 2, 3, 4]
