"""Figures as words that fit a column."""

from __future__ import annotations


def short_percent(fraction: float) -> str:
    """A return in at most eight characters: ``+12.3%``, ``+4,614%``."""
    return f"{fraction:+,.0%}" if abs(fraction) >= 9.9995 else f"{fraction:+.1%}"
