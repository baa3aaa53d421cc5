"""What a runner remembers over a restart: the state of each of its symbols, as bytes."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping


def packed(states: Mapping[str, bytes]) -> bytes:
    """The states by symbol as bytes; `unpacked` gives them back."""
    head = json.dumps({s: len(b) for s, b in states.items()}).encode()
    return struct.pack("<I", len(head)) + head + b"".join(states.values())


def unpacked(payload: bytes) -> dict[str, bytes]:
    """The states of bytes."""
    (length,) = struct.unpack_from("<I", payload)
    sizes: dict[str, int] = json.loads(payload[4 : 4 + length])
    states, at = {}, 4 + length
    for symbol, size in sizes.items():
        states[symbol] = payload[at : at + size]
        at += size
    return states
