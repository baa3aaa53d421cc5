"""A Ray for research: an own one on this machine for as long as a command runs, or a cluster that is there already.

Laws
- An own Ray is local, with token, own namespace and temporary folder, and ends with the process that began it.
- A cluster is joined only by an address that somebody wrote down; its nodes need no copy of the program: what workers
  import is uploaded once (`UPLOADED`), nothing else, no configuration and no secrets.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import ray

from actors.wiring.flags import make_token
from actors.wiring.folder import ray_folder
from actors.wiring.head import lean_head
from core.errors import InputError

UPLOADED: Final = ("core", "indicators", "engine", "strategies", "market", "optimization")
_OBJECT_STORE_BYTES: Final = 1_000_000_000
_CONNECT_S: Final = 5.0
_REPOSITORY: Final = Path(__file__).resolve().parents[2]


@contextmanager
def own_ray(cores: int = 0) -> Iterator[None]:
    """Inside, this process has a Ray of its own, with ``cores`` (0: those of the machine).

    `set_flags` came before, and said where the token lies.
    """
    make_token()
    with ray_folder() as folder:
        try:
            with lean_head():
                ray.init(
                    address="local", namespace=_namespace(), num_cpus=cores or None, include_dashboard=False,
                    object_store_memory=_OBJECT_STORE_BYTES, log_to_driver=False, logging_level="ERROR",
                    _temp_dir=str(folder),
                )
            yield
        finally:
            ray.shutdown()


@contextmanager
def joined_ray(address: str) -> Iterator[None]:
    """Inside, this process is connected to the cluster at ``address`` (``host:port``, or ``auto`` on one of its nodes).

    `set_cluster_flags` came before. The token is read as Ray does it: ``RAY_AUTH_TOKEN``, ``RAY_AUTH_TOKEN_PATH`` or
    ``~/.ray/auth_token``. Raises InputError when nobody answers there, or refuses.
    """
    _check(address)
    try:
        ray.init(
            address=address, namespace=_namespace(), log_to_driver=False, logging_level="ERROR",
            runtime_env=runtime_environment(),
        )
    except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        ray.shutdown()
        raise InputError(f"--address {address}: no Ray cluster can be joined there: {_line(error)}") from error
    try:
        yield
    finally:
        ray.shutdown()


def runtime_environment() -> dict[str, Any]:
    """What the nodes of a cluster are sent: the packages that workers import."""
    return {"py_modules": [str(_REPOSITORY / name) for name in UPLOADED], "excludes": ["__pycache__"]}


def _check(address: str) -> None:
    """Raise InputError unless somebody listens there: Ray itself would wait for minutes."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise InputError(f"--address {address}: allowed is HOST:PORT of a Ray head, or auto on one of its nodes")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_S).close()
    except OSError as error:
        raise InputError(f"--address {address}: nobody answers there: {error.strerror or error}") from error


def _namespace() -> str:
    return f"scalp-radar-research-{os.getpid()}"


def _line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
