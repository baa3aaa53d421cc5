"""Which kind of account a key belongs to, decided once and by the venue's own words.

ccxt's own detection takes any failure, a time-out too, for "classic" and never asks again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, Literal

from core.errors import Fatal, RetryLater
from exchanges.bitget.client import BitgetClient
from exchanges.bitget.dialect import words
from exchanges.bitget.errors import CLASSIC_ON_UNIFIED
from exchanges.bitget.streams import backoffs

_TRIES: Final = 5


async def account_type(
    client: BitgetClient, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> Literal["classic", "unified"]:
    """'classic' when the classic API serves the key, 'unified' when the venue says that the account is that.

    Raises RetryLater when the venue did not say either in some tries (it is never guessed), Fatal for wrong keys.
    """
    waits = backoffs(random.Random())
    for _ in range(_TRIES - 1):
        try:
            return await _asked(client)
        except RetryLater:
            await sleep(next(waits))
    return await _asked(client)


async def _asked(client: BitgetClient) -> Literal["classic", "unified"]:
    try:
        await client.call(words.BALANCE, {"productType": words.PRODUCT})
    except Fatal as error:
        if error.code == CLASSIC_ON_UNIFIED:
            return "unified"
        raise
    return "classic"
