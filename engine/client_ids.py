"""Deterministic client order ids: the same intention always bears the same id, so sending it twice cannot double it.

    sr e 2 0007 0h4x2k 01 k3vq7m2p9xab        28 characters of [a-z0-9]
    |  | | |    |      |  `- tag: which strategy on which symbol (hash)
    |  | | |    |      `---- attempt within the row: grows when an id was used up at the venue
    |  | | |    `----------- row: minute of the plan row's decision time
    |  | | `---------------- cycle of the ladder, modulo 36^4
    |  | `------------------ level of an entry, `z` for everything else
    |  `-------------------- role: e entry, t target, s stop, x exit, m emergency
    `----------------------- ours

Law: `decode(encode(x)) == x` up to the tag; an id that nobody used up is used again, never a fresh one, so a request
whose answer was lost meets the venue's own check for doubled ids.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

from core.messages import FillRole

PREFIX: Final = "sr"
LENGTH: Final = 28
MAX_ATTEMPT: Final = 36**2 - 1

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_LETTER: Final = {
    FillRole.ENTRY: "e", FillRole.TARGET: "t", FillRole.STOP: "s", FillRole.EXIT: "x", FillRole.EMERGENCY: "m",
}
_ROLE: Final = {letter: role for role, letter in _LETTER.items()}
_CYCLES: Final = 36**4
_MINUTE_MS: Final = 60_000


class ClientId(NamedTuple):
    """What an id says. ``cycle`` is modulo 36^4, ``level`` -1 for anything but an entry, ``tag`` from `tag`."""

    tag: str
    cycle: int
    role: FillRole
    level: int
    row_minute: int
    attempt: int

    def of(self, tag: str, cycle: int) -> bool:
        """Whether it belongs to this strategy and symbol and to this cycle."""
        return self.tag == tag and self.cycle == cycle % _CYCLES


def tag(strategy: str, symbol: str) -> str:
    """Twelve characters that stand for one strategy on one symbol."""
    digest = int.from_bytes(hashlib.blake2b(f"{strategy}|{symbol}".encode(), digest_size=8).digest())
    return _base36(digest % 36**12, 12)


def encode(tag: str, cycle: int, role: FillRole, level: int, row_ms: int, attempt: int) -> str:
    """The id of one intention.

    Raises ValueError for a role that we never send, a level above 34 or an attempt above `MAX_ATTEMPT`.
    """
    letter = _LETTER.get(role)
    if letter is None or not -1 <= level < 35 or not 0 <= attempt <= MAX_ATTEMPT:
        raise ValueError(f"no client id for role {role}, level {level}, attempt {attempt}")
    place = "z" if level < 0 else _DIGITS[level]
    row = _base36(row_ms // _MINUTE_MS, 6)
    return f"{PREFIX}{letter}{place}{_base36(cycle % _CYCLES, 4)}{row}{_base36(attempt, 2)}{tag}"


def decode(client_id: str) -> ClientId | None:
    """What one of our ids says, or None for anybody else's."""
    if len(client_id) != LENGTH or not client_id.startswith(PREFIX) or client_id[2] not in _ROLE:
        return None
    body = client_id[3:]
    if any(c not in _DIGITS for c in body):
        return None
    level = -1 if body[0] == "z" else _DIGITS.index(body[0])
    cycle, row, attempt = int(body[1:5], 36), int(body[5:11], 36), int(body[11:13], 36)
    return ClientId(body[13:], cycle, _ROLE[client_id[2]], level, row, attempt)


def _base36(value: int, width: int) -> str:
    digits = []
    for _ in range(width):
        value, digit = divmod(value, 36)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
