"""What the terminal shows while everything runs: a live table, or plain lines where there is no terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import ray
from ray.exceptions import GetTimeoutError, RayActorError
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from actors.blueprint import Blueprint
from actors.wiring.house import House
from actors.wiring.supervision import Supervision
from core.messages import TradeClosed
from scripts.options import when_text
from storage.records import Query

_LINE_EVERY_S: Final = 5.0
_TRADES: Final = 8


class View(NamedTuple):
    """What is looked at."""

    blueprint: Blueprint
    house: House
    supervision: Supervision
    url: str
    folder: Path


@contextmanager
def status_view(view: View) -> Iterator[Callable[[], None]]:
    """A function that shows the present; a live table on a terminal, a line every few seconds elsewhere."""
    console = Console()
    if not console.is_terminal:
        console.print(f"scalp-radar {view.blueprint.mode}: API {view.url}, state {view.folder}", soft_wrap=True)
        last = [0.0]

        def line() -> None:
            if time.monotonic() - last[0] >= _LINE_EVERY_S:
                last[0] = time.monotonic()
                console.print(_line(view), soft_wrap=True)

        yield line
        return
    with Live(console=console, refresh_per_second=4, screen=False) as live:
        yield lambda: live.update(_table(view))


def _feed(view: View) -> dict[str, Any]:
    return view.supervision.watched[view.blueprint.feed.name].health


def _time(view: View) -> str:
    last = _feed(view).get("last_ms")
    return when_text(last) if last else "-"


def _trades(view: View) -> list[TradeClosed]:
    try:
        page = ray.get(view.house.handles["ledger"].trades.remote(Query(limit=200)), timeout=1.0)
    except (GetTimeoutError, RayActorError):
        return []
    return list(page.items)


def _line(view: View) -> str:
    trades = _trades(view)
    watched = view.supervision.watched.items()
    states = {name: w.health.get("state", "?") if not w.misses else "away" for name, w in watched}
    trouble = {n: s for n, s in states.items() if s != "ok"}
    scopes = {scope: [t for t in trades if t.scope == scope] for scope in ("live", "paper")}
    counts = ", ".join(f"{scope} {len(t)} trades net {sum(x.net for x in t):+.2f}" for scope, t in scopes.items())
    return f"{_time(view)} | {counts} | actors {trouble or 'ok'}"


def _table(view: View) -> Group:
    head = Text(f"Scalp Radar {view.blueprint.mode}   {_time(view)} UTC   {view.url}   Ctrl-C stops", style="bold")
    return Group(head, _actors(view), _symbols(view), _closed(view))


def _actors(view: View) -> Table:
    table = Table("actor", "state", "errors", "returns", "last trouble", expand=True)
    for name, w in view.supervision.watched.items():
        state = "away" if w.misses else str(w.health.get("state", "starting"))
        style = "green" if state == "ok" else "yellow"
        table.add_row(
            name, Text(state, style=style), str(w.health.get("errors", 0)), str(w.returns),
            str(w.health.get("detail", ""))[:60],
        )
    return table


def _symbols(view: View) -> Table:
    table = Table("strategy", "symbol", "paper", "live", "exchange", "orders", expand=True)
    executor = view.blueprint.executor.name if view.blueprint.executor else ""
    shown = view.supervision.watched[executor].health.get("symbols", {}) if executor else {}
    for runner in view.blueprint.runners:
        for symbol, s in view.supervision.watched[runner.name].health.get("symbols", {}).items():
            there = shown.get(symbol, {})
            live = "-" if s["live"] is None else f"{s['live']:g}"
            table.add_row(
                runner.strategy, symbol, f"{s['paper']:g}", live, f"{there.get('position', 0):g}",
                there.get("halted") or str(there.get("orders", "-")),
            )
    return table


def _closed(view: View) -> Table:
    table = Table("closed", "scope", "symbol", "levels", "average", "exit", "net", "reason", expand=True)
    for t in _trades(view)[:_TRADES]:
        table.add_row(
            when_text(t.ts_ms), t.scope, t.symbol, str(t.levels), f"{t.average:.6g}", f"{t.exit_price:.6g}",
            Text(f"{t.net:+.2f}", style="green" if t.net >= 0 else "red"), t.reason,
        )
    return table
