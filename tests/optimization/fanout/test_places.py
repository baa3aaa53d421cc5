"""How many workers go where."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import InputError
from optimization.fanout.places import places


def node(name: str, cpus: float = 2.0, gb: float = 8.0, alive: bool = True) -> dict[str, Any]:
    return {
        "NodeID": name, "NodeManagerAddress": f"10.0.0.{name}", "Alive": alive,
        "Resources": {"CPU": cpus, "memory": gb * 1e9},
    }


@pytest.mark.parametrize(
    ("nodes", "workers", "gb", "expected"),
    [
        pytest.param([node("1"), node("2", 4)], 0, 0, {"1": 2, "2": 4}, id="one a core"),
        pytest.param([node("1"), node("2", 4)], 3, 0, {"1": 2, "2": 1}, id="no more than allowed"),
        pytest.param([node("1"), node("2", 4)], 2, 0, {"1": 2}, id="none left for the second"),
        pytest.param([node("1"), node("2", 4, alive=False)], 0, 0, {"1": 2}, id="the dead take none"),
        pytest.param([node("1", 8, 8.0)], 0, 3, {"1": 2}, id="memory holds two"),
        pytest.param([node("1", 8, 2.0), node("2", 2, 8.0)], 0, 3, {"2": 2}, id="a small node takes none"),
        pytest.param([{"NodeID": "1", "Alive": True, "Resources": {"CPU": 2}}], 0, 3, {"1": 2}, id="memory unknown"),
        pytest.param([node("1", 0)], 0, 0, {}, id="no cores"),
        pytest.param([], 0, 0, {}, id="no nodes"),
    ],
)
def test_workers_of_each_node(nodes: list[dict[str, Any]], workers: int, gb: float, expected: dict[str, int]) -> None:
    assert {p.node_id: p.workers for p in places(nodes, workers, int(gb * 1e9))} == expected


def test_a_worker_too_large_for_every_node_is_refused_with_both_figures() -> None:
    with pytest.raises(InputError, match=r"needs about 9\.0 GB; the node with most memory has 8\.0 GB"):
        places([node("1"), node("2")], 0, 9_000_000_000)
