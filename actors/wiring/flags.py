"""Ray's flags for the trading tree, put into the environment before Ray is imported (it reads them at import).

Why each: docs/operations.md. Metrics, statistics and task events off lower the 99th percentile; workers run at
ordinary niceness; answers up to 2 MB come without the object store; a token is always needed; nothing is reported to
anybody.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

FLAGS: Final[Mapping[str, str]] = {
    "RAY_enable_metrics_collection": "0",
    "RAY_event_stats": "0",
    "RAY_task_events_report_interval_ms": "0",
    "RAY_prestart_worker_first_driver": "0",
    "RAY_worker_niceness": "0",
    "RAY_max_direct_call_object_size": "2000000",
    "RAY_AUTH_MODE": "token",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_preload_python_modules": "actors.wiring.lean",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}
DETECTION: Final[Mapping[str, str]] = {
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "3",
    "RAY_grpc_client_keepalive_time_ms": "10000",
    "RAY_grpc_client_keepalive_timeout_ms": "5000",
}
"""With these, on every node and in the command, a lost node is noticed after seconds (docs/cluster.md)."""


def set_flags(state: Path) -> None:
    """Set the flags and where the token lies; changes nothing on the disk. Call before anything imports Ray."""
    os.environ.update(FLAGS)
    os.environ["RAY_AUTH_TOKEN_PATH"] = str((state / "ray_token").resolve())
    os.environ.pop("RAY_ADDRESS", None)  # never somebody else's cluster by accident


def set_cluster_flags() -> None:
    """Set the flags of a command that joins a cluster; what the environment says of tokens stays. Before Ray, too."""
    os.environ.update(DETECTION)
    for name in ("RAY_AUTH_MODE", "RAY_USAGE_STATS_ENABLED", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"):
        os.environ.setdefault(name, FLAGS[name])
    os.environ.pop("RAY_ADDRESS", None)


def make_token() -> None:
    """A token (mode 0600) where `set_flags` said, unless there is one."""
    path = Path(os.environ["RAY_AUTH_TOKEN_PATH"])
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
