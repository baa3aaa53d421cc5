"""The port the exchange listens on; it can go away and come back at the same one."""

from __future__ import annotations

import asyncio

from aiohttp import web

from core.errors import ConfigurationError


class Listener:
    """An application behind a port. Raises ConfigurationError from `start` when the port is taken."""

    def __init__(self, app: web.Application, host: str, port: int) -> None:
        self._app, self._host, self.port = app, host, port
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._away: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Listen; the port."""
        runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._site = web.TCPSite(runner, self._host, self.port)
        try:
            await self._site.start()
        except OSError as error:
            await runner.cleanup()
            raise ConfigurationError("sandbox", "port", self.port, f"cannot listen: {error.strerror}") from None
        self._runner = runner
        self.port = int(runner.addresses[0][1])
        return self.port

    def go_away(self, seconds: float) -> None:
        """Break every connection, refuse new ones, and listen again at the same port after so many seconds."""
        if self._runner is not None and (self._away is None or self._away.done()):
            self._away = asyncio.ensure_future(self._come_back(self._runner, seconds))

    @property
    def reachable(self) -> bool:
        """Whether anybody who connects is heard."""
        return self._site is not None

    async def back(self) -> None:
        """Wait until it listens again, at once if it never went."""
        if self._away is not None:
            await asyncio.shield(self._away)

    async def stop(self) -> None:
        """Free the port; twice does no harm."""
        if self._away is not None:
            self._away.cancel()
            await asyncio.gather(self._away, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _come_back(self, runner: web.AppRunner, seconds: float) -> None:
        site, self._site = self._site, None
        if site is not None:
            await site.stop()
        server = runner.server
        for connection in list(server.connections) if server is not None else ():
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(seconds)
        site = web.TCPSite(runner, self._host, self.port, reuse_address=True)
        await site.start()
        self._site = site
