"""The local exchange as a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from contextlib import suppress

from sandbox.config import SandboxConfig
from sandbox.server import Sandbox
from sandbox.source import CandleSource


def serve(config: SandboxConfig, source: CandleSource, *, child: bool = False) -> None:
    """Run until SIGTERM or SIGINT; when ready, one line of JSON on standard output tells port, admin key and page.

    child : also end when standard input does, which happens to a pipe whenever the parent dies, however it dies.
    """
    asyncio.run(_serve(config, source, child))


async def _serve(config: SandboxConfig, source: CandleSource, child: bool) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    if child:
        def wait_for_the_end() -> None:
            # not through sys.stdin, whose lock the interpreter wants when it ends
            while os.read(0, 4096):
                pass
            with suppress(RuntimeError):  # the loop has ended by itself
                loop.call_soon_threadsafe(ended.set)

        threading.Thread(target=wait_for_the_end, daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    sandbox = Sandbox(config, source)
    port = await sandbox.start()
    page = f"http://{config.host}:{port}{sandbox.admin.ticket()}"
    sys.stdout.write(json.dumps({"port": port, "admin_key": config.admin_key, "page": page}) + "\n")
    sys.stdout.flush()
    waiting = {asyncio.ensure_future(ended.wait()), asyncio.ensure_future(sandbox.failed())}
    try:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in waiting:
            task.cancel()
        await sandbox.stop()
