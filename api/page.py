"""The status page: five answers as plain HTML, no script, reloading every 10 s."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

from api.health_models import Health
from api.models import Money, Position
from api.watch_models import Now

STYLE: Final = (
    "body{background:#0B0E14;color:#E7ECF3;font:16px/1.4 system-ui,sans-serif;margin:16px auto;max-width:60rem;"
    "padding:0 12px;font-variant-numeric:tabular-nums}h1{font-size:20px}"
    "h2{font-size:14px;color:#AEB9C9;margin:20px 0 4px}table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;padding:4px 8px 4px 0}th{color:#AEB9C9;font-weight:400}"
    "@media(max-width:480px){table{font-size:13px}}"
    ".ATTENTION{color:#FFE27A}.DANGER{background:#C92A42;color:#fff;padding:2px 8px}"
    ".dim{color:#8C99AC}a{color:#8FA8FF}"
)
"""Its hash stands in the Content-Security-Policy, so nothing else can style the page."""

_UNBUILT: Final = (
    '<p class="dim">This is the plain page. The dashboard is built by <code>make dashboard</code> (needs Node 20 or '
    "newer) and served here after the next start.</p>"
)

_MARK: Final = {"OK": "\u2713", "ATTENTION": "!", "DANGER": "\u2717"}


def render(now: Now, *, unbuilt: bool = False) -> str:
    """The page as HTML; whatever came from outside is escaped. ``unbuilt``: say how the dashboard is made."""
    health = now.health
    title = f"{_MARK[health.status]} {health.status} {health.mode.upper()}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="10">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title} - Scalp Radar</title><style>{STYLE}</style></head><body>"
        f'<h1>Scalp Radar <span class="dim">{health.mode.upper()}</span></h1>'
        f"{_safe(health)}{_open(now.positions)}{_money(now.money)}{_fresh(health)}{_next(now)}"
        f"{_UNBUILT if unbuilt else ''}"
        f'<p class="dim">{_time(health.time_ms)} UTC; reloads every 10 s. '
        '<a href="/health">health</a> <a href="/openapi.json">API</a></p></body></html>'
    )


def _safe(health: Health) -> str:
    lines = [f'<p><span class="{health.status}">{_MARK[health.status]} {health.status}</span></p>']
    lines += [f"<p>{escape(reason.text)}</p>" for reason in health.reasons]
    protection = health.protection
    if protection.positions and not protection.without_stop:
        lines.append(f"<p>all {protection.positions} positions have their stop</p>")
    return f"<h2>Safe?</h2>{''.join(lines)}"


def _open(positions: tuple[Position, ...]) -> str:
    if not positions:
        return "<h2>Open</h2><p>nothing</p>"
    head = ("symbol", "side", "quantity", "average", "mark", "P&L gross", "stop", "owner")
    body = [
        (p.symbol, "LONG" if p.direction > 0 else "SHORT", _plain(p.quantity), _plain(p.average), _plain(p.mark),
         _signed(p.unrealised), "NONE" if p.stop is None else f"{_plain(p.stop)} ({_percent(p.stop_distance)})",
         p.strategy or "FOREIGN")
        for p in positions
    ]
    return f"<h2>Open</h2>{_table(head, body)}"


def _money(money: tuple[Money, ...]) -> str:
    if not money:
        return "<h2>P&amp;L</h2><p>no figures yet</p>"
    head = ("scope", "strategy", "equity USDT", "net, closed", "trades", "won")
    body = [
        (m.scope, m.strategy, "-" if m.equity is None else f"{m.equity:,.2f}", _signed(m.net), str(m.trades),
         str(m.wins))
        for m in money
    ]
    return f"<h2>P&amp;L</h2>{_table(head, body)}"


def _fresh(health: Health) -> str:
    if not health.feeds:
        return "<h2>Data fresh?</h2><p>no candles yet</p>"
    words = [
        f"{escape(f.symbol)} {'never' if f.age_s is None else f'{f.age_s:.0f} s'}{' STALE' if f.stale else ''}"
        for f in health.feeds
    ]
    return f"<h2>Data fresh?</h2><p>{', '.join(words)}</p>"


def _next(now: Now) -> str:
    lines = [] if now.next.decision_ms is None else [f"decision {_time(now.next.decision_ms)} UTC"]
    lines += [
        f"{escape(level.symbol)} L{level.level + 1} {_plain(level.price)} ({_percent(level.distance)})"
        for level in now.next.levels
    ]
    return f"<h2>Next</h2><p>{'<br>'.join(lines) or 'nothing is planned'}</p>"


def _table(head: tuple[str, ...], body: Sequence[tuple[str, ...]]) -> str:
    rows = ["".join(f"<th>{escape(cell)}</th>" for cell in head)]
    rows += ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in body]
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _time(ts_ms: int) -> str:
    try:
        return datetime.fromtimestamp(ts_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return str(ts_ms)


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:,.8g}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+,.2f}".replace("-", "\u2212")


def _percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{100 * fraction:+.1f} %".replace("-", "\u2212")
