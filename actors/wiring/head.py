"""Ray's head without the helpers that a trading tree has no use for: 180 MB and three seconds of start-up less.

Left out: the autoscaler's monitor (nothing scales), the log monitor (actors write their own logs, the driver shows
none of theirs), the dashboard's server (unless asked for). Ray offers this to ``ray start`` only, whose command line
costs more than it saves, so `ray.init` is given a node that does not start them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray._private.node as ray_node


class LeanNode(ray_node.Node):  # type: ignore[misc]  # Ray's own class bears no types
    """A head with control store and raylet alone."""

    def start_monitor(self) -> None:
        """Nothing scales here."""

    def start_log_monitor(self) -> None:
        """Nobody listens to it."""

    def start_api_server(self, **_: Any) -> None:
        """Nobody looks at it."""


@contextmanager
def lean_head() -> Iterator[None]:
    """Inside, `ray.init` starts a `LeanNode`."""
    ordinary = ray_node.Node
    ray_node.Node = LeanNode
    try:
        yield
    finally:
        ray_node.Node = ordinary
