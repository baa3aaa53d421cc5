"""The network: the exchange's clock, and who can reach what listens here."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

import psutil

from core.errors import ScalpRadarError
from scripts.doctor.finding import Finding, graded

if TYPE_CHECKING:
    from core.settings import Settings

_PATIENCE_S: Final = 6.0
_SKEW_WARN_MS, _SKEW_WRONG_MS = 1_000, 5_000
"""A signed request may be some seconds old, then it is refused."""
_SHOWN: Final = 6
_CONTROL_STORE: Final = "gcs_server"


class Listening(NamedTuple):
    """A port of a process of the running system."""

    address: str
    port: int
    process: str


def clock(settings: Settings) -> Finding:
    """Our clock beside that of the exchange, when it can be asked."""
    # Here, since ccxt would slow the start of every command.
    from exchanges.registry import public_venue

    name = settings.exchanges.default
    exchange = settings.exchanges.exchanges[name]

    async def ask() -> tuple[float, float]:
        venue = public_venue(name, exchange)
        try:
            await venue.time_ms()  # dials
            before = time.time()
            there_ms = await venue.time_ms()
            after = time.time()
        finally:
            await venue.close()
        return there_ms - (before + after) * 500, (after - before) * 1000

    try:
        skew_ms, took_ms = asyncio.run(asyncio.wait_for(ask(), _PATIENCE_S))
    except (ScalpRadarError, TimeoutError, OSError) as error:
        cause = " ".join(str(error).split())[:120] or f"no answer within {_PATIENCE_S:g} s"
        return Finding("clock", "warn", f"{name} cannot be asked: {cause}", "paper and live need it; the demo does not")
    return of_clock(name, skew_ms, took_ms)


def of_clock(name: str, skew_ms: float, took_ms: float) -> Finding:
    """The verdict on a difference of clocks; half the time that asking took is uncertain."""
    surely = max(0.0, abs(skew_ms) - took_ms / 2)
    return graded(
        "clock", f"{skew_ms:+.0f} ms from {name} (asked in {took_ms:.0f} ms)",
        "set the clock (timedatectl set-ntp true): signed requests will be refused",
        wrong=surely > _SKEW_WRONG_MS, warn=surely > _SKEW_WARN_MS,
    )


def listening(pid: int) -> list[Listening]:
    """Ports of a process and everything below it."""
    found = []
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):
                found += [
                    Listening(c.laddr.ip, c.laddr.port, process.name())
                    for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN
                ]
    return found


def addresses() -> list[str]:
    """Those of this machine, loopback and links apart."""
    every = (a.address.partition("%")[0] for card in psutil.net_if_addrs().values() for a in card)
    return sorted({a for a in every if _is_outward(a)})


def exposure(ports: Iterable[Listening], here: Iterable[str]) -> Iterator[Finding]:
    """Whether somebody else could reach what the running system listens on: a port of Ray is a way to run code."""
    here = list(here)
    open_ = sorted({p for p in ports if not _is_loopback(p.address)}, key=lambda p: p.port)
    if not open_ or not here:
        yield Finding("ports", "ok", "nothing listens beyond loopback" if not open_ else "this machine has no address")
        return
    public = [a for a in here if ipaddress.ip_address(a).is_global]
    shown = ", ".join(f"{p.port} ({p.process})" for p in open_[:_SHOWN])
    more = f" and {len(open_) - _SHOWN} more" if len(open_) > _SHOWN else ""
    yield graded(
        "ports", f"on {', '.join(here)}: {shown}{more}",
        "the token guards them; close them from outside as well: a firewall that lets in SSH alone, or a container's "
        "network (docs/operations.md)",
        wrong=bool(public), warn=True,
    )


def token(pid: int) -> Finding:
    """Whether the Ray below this process asks for a token: its control store was told so when it was started."""
    try:
        below = psutil.Process(pid).children(recursive=True)
        modes = {p.environ().get("RAY_AUTH_MODE", "none") for p in below if p.name() == _CONTROL_STORE}
    except psutil.Error as error:
        return Finding("Ray's token", "warn", f"process {pid} cannot be looked at: {error}", "ask as its user")
    return graded(
        "Ray's token", f"authentication: {', '.join(sorted(modes)) or 'no Ray below it'}",
        "start it with `scalp-radar up`", wrong=bool(modes - {"token"}), warn=not modes,
    )


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback or address == "::ffff:127.0.0.1"


def _is_outward(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False  # a card's own number
    return not (found.is_loopback or found.is_link_local)
