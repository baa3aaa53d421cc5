"""What is pushed is made once, however many look; and every client can follow it from whatever it saw."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from api.board import Board


class Source:
    """Counts how often a topic is made."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.made = self.told = 0

    def version(self) -> int:
        return self.told

    def topic(self, name: str) -> dict[str, Any]:
        self.made += 1
        return dict(self.values)


def test_a_hundred_looks_at_one_moment_make_a_topic_once() -> None:
    source, now = Source(), [0.0]
    board = Board(source, lambda: now[0])
    seen = {board.look("prices").number for _ in range(100)}
    assert (len(seen), source.made) == (1, 1)
    source.told += 1
    assert board.look("prices").number == 1
    assert source.made == 1, "not twice within a fifth of a second"
    now[0] = 0.2
    board.look("prices")
    assert source.made == 2
    now[0] = 1.1
    board.look("prices")
    assert source.made == 2, "nothing has been told"
    now[0] = 1.2
    board.look("prices")
    assert source.made == 3, "ages change by themselves"


def test_a_value_that_is_the_same_again_is_no_change() -> None:
    source, now = Source(), [0.0]
    board = Board(source, lambda: now[0])
    source.values = {"a": 1}
    first = board.look("x")
    now[0], source.told = 1.0, 1
    assert board.look("x") is first


VALUES = st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 2)), min_size=1, max_size=12)


@given(VALUES, st.data())
def test_clients_that_look_now_and_then_end_alike(values: list[dict[str, Any]], data: st.DataObject) -> None:
    source, now = Source(), [0.0]
    board = Board(source, lambda: now[0])
    source.values = values[0]
    clients = [board.look("x")] * 3
    held = [json.loads("{" + board.snapshot("x", clients[0]) + "}")["data"] for _ in clients]
    for value in values:
        now[0] += 1.0
        source.told, source.values = source.told + 1, value
        for i in data.draw(st.sets(st.integers(0, 2))) if value is not values[-1] else range(3):
            shown = board.look("x")
            if shown.number != clients[i].number:
                said = json.loads("{" + board.change("x", clients[i], shown) + "}")
                held[i] = {k: v for k, v in {**held[i], **said["set"]}.items() if k not in said["gone"]}
                clients[i] = shown
    assert held == [values[-1]] * 3
