"""Ray's head without the helpers that a trading tree has no use for: 180 MB and three seconds of start-up less.

Left out: the autoscaler's monitor (nothing scales), the log monitor (actors write their own logs, the driver shows
none of theirs), the dashboard's server (unless asked for). Ray offers this to ``ray start`` only, whose command line
costs more than it saves, so the node that does not start them is made here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import ray._private.node as ray_node
from ray._private.parameter import RayParams

from actors.wiring.flags import make_token
from actors.wiring.folder import ray_folder

_OBJECT_STORE_BYTES: Final = 80_000_000


class LeanNode(ray_node.Node):  # type: ignore[misc]  # Ray's own class bears no types
    """A head with control store and raylet alone."""

    def start_monitor(self) -> None:
        """Nothing scales here."""

    def start_log_monitor(self) -> None:
        """Nobody listens to it."""

    def start_api_server(self, **_: Any) -> None:
        """Nobody looks at it."""


class Head:
    """Ray's own processes, children of this one, for a driver elsewhere to join."""

    def __init__(self, node: ray_node.Node) -> None:
        self._node = node
        self.address: str = node.gcs_address

    def dead(self) -> list[str]:
        """Those of Ray's processes that have ended: any of them ends everything."""
        return [
            kind for kind, processes in self._node.all_processes.items()
            if any(info.process.poll() is not None for info in processes)
        ]

    def stop(self) -> None:
        """End them; at once where one has ended already, since the others would wait for it."""
        self._node.kill_all_processes(check_alive=False, allow_graceful=not self.dead())


@contextmanager
def running_head(*, dashboard: bool = False) -> Iterator[Head]:
    """A head with token, in a temporary folder of its own; both end with the block. `set_flags` came before."""
    make_token()
    logging.getLogger("ray").setLevel(logging.ERROR)
    with ray_folder() as folder:
        parameters = RayParams(
            include_dashboard=dashboard, dashboard_host="127.0.0.1", object_store_memory=_OBJECT_STORE_BYTES,
            temp_dir=str(folder), redirect_output=None,
        )
        make = ray_node.Node if dashboard else LeanNode
        head = Head(make(
            ray_params=parameters, head=True, shutdown_at_exit=False, spawn_reaper=True, ray_init_cluster=True,
        ))
        try:
            yield head
        finally:
            head.stop()


@contextmanager
def lean_head() -> Iterator[None]:
    """Inside, `ray.init` starts a `LeanNode`."""
    ordinary = ray_node.Node
    ray_node.Node = LeanNode
    try:
        yield
    finally:
        ray_node.Node = ordinary
