"""What sender and receiver keep of the last few things they were asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.fanout.lately import Lately


def test_the_one_not_asked_for_longest_goes_first() -> None:
    kept: Lately[int] = Lately(2)
    kept.keep("a", 1)
    kept.keep("b", 2)
    assert kept.get("a") == 1
    kept.keep("c", 3)
    assert ("a" in kept, "b" in kept, "c" in kept) == (True, False, True)
    with pytest.raises(KeyError):
        kept.get("b")


@given(st.lists(st.one_of(st.none(), st.sampled_from("abcdefg"))), st.integers(1, 4))
def test_what_the_sender_believes_is_there_is_there(asked: list[str | None], most: int) -> None:
    sender: Lately[None] = Lately(most)
    receiver: Lately[str] = Lately(most)
    for name in asked:
        if name is None:  # something went wrong: everything is sent again
            sender.clear()
            continue
        sent = None if name in sender else name
        sender.keep(name, None)
        if sent is not None:
            receiver.keep(name, sent)
        assert receiver.get(name) == name
