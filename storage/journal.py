"""The journal of intents: what was about to be sent, written before it was sent."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

IntentState = Literal["intended", "sent", "done", "unknown", "refused"]

OPEN_STATES: Final[tuple[IntentState, ...]] = ("intended", "sent", "unknown")
"""Whose outcome is not known: after a restart the exchange is asked about each by its client id."""


class Intent(NamedTuple):
    """One state-changing request to the exchange. ``client_id`` is its key; a later state replaces an earlier one.

    ``payload`` is JSON, whatever the sender needs to recognise the request. ``ts_ms`` is the exchange's time when it
    was written down; ``sent_ms`` and ``answered_ms``, None where unknown, are so much later by the sender's own clock.
    """

    client_id: str
    symbol: str
    strategy: str
    action: str
    payload: str
    ts_ms: int
    state: IntentState
    sent_ms: int | None = None
    answered_ms: int | None = None
