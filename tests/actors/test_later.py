"""Calls that are made later: when they are due, in that order, whatever one of them does."""

from __future__ import annotations

import queue
import time

from actors.wiring.later import Later

PATIENCE_S = 10.0


def test_calls_are_made_when_they_are_due_and_not_in_the_order_of_asking() -> None:
    later, made = Later(), queue.Queue[tuple[str, float]]()
    began = time.monotonic()
    later.call(0.06, lambda: made.put(("second", time.monotonic() - began)))
    later.call(0.02, lambda: made.put(("first", time.monotonic() - began)))
    for name, least_s in (("first", 0.02), ("second", 0.06)):
        called, after_s = made.get(timeout=PATIENCE_S)
        assert called == name
        assert after_s >= least_s


def test_a_call_that_fails_does_not_keep_the_next_one_from_being_made() -> None:
    later, made = Later(), queue.Queue[str]()

    def fail() -> None:
        raise ValueError("no")

    later.call(0.0, fail)
    later.call(0.0, lambda: made.put("made"))
    assert made.get(timeout=PATIENCE_S) == "made"


def test_a_call_may_ask_for_another() -> None:
    later, made = Later(), queue.Queue[str]()
    later.call(0.0, lambda: later.call(0.0, lambda: made.put("made")))
    assert made.get(timeout=PATIENCE_S) == "made"
