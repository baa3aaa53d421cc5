"""The local exchange as a process of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import sys

from sandbox.config import SandboxConfig
from sandbox.server import Sandbox
from sandbox.source import CandleSource


def serve(config: SandboxConfig, source: CandleSource) -> None:
    """Run until SIGTERM or SIGINT; when ready, one line of JSON on standard output tells port and admin key."""
    asyncio.run(_serve(config, source))


async def _serve(config: SandboxConfig, source: CandleSource) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    sandbox = Sandbox(config, source)
    port = await sandbox.start()
    sys.stdout.write(json.dumps({"port": port, "admin_key": config.admin_key}) + "\n")
    sys.stdout.flush()
    try:
        await ended.wait()
    finally:
        await sandbox.stop()
