"""Figures as words that fit a column."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """A figure with its unit, and one line on what it means."""

    name: str
    text: str
    help: str


def short_percent(fraction: float) -> str:
    """A return in at most eight characters: ``+12.3%``, ``+4,614%``."""
    return f"{fraction:+,.0%}" if abs(fraction) >= 9.9995 else f"{fraction:+.1%}"
