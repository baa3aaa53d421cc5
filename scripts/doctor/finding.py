"""What one look found."""

from __future__ import annotations

from typing import Literal, NamedTuple

State = Literal["ok", "warn", "wrong"]


class Finding(NamedTuple):
    """One thing that was looked at. ``advice`` : what to do, '' where nothing is to be done."""

    what: str
    state: State
    found: str
    advice: str = ""


def graded(what: str, found: str, advice: str, *, wrong: bool = False, warn: bool = False) -> Finding:
    """``advice`` counts only where something is not in order."""
    state: State = "wrong" if wrong else "warn" if warn else "ok"
    return Finding(what, state, found, "" if state == "ok" else advice)
