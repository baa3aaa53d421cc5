"""Which kind of account a key belongs to, decided once and by the venue's own words.

ccxt's own detection takes any failure, a time-out too, for "classic" and never asks again. Here only two pairs of
answers decide: the classic call served; or the classic call refused with "the account is unified" and the unified one
served. Anything else, also a pair that contradicts itself (an account that is just being upgraded), is asked again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

from core.errors import Fatal, Refused, RetryLater
from exchanges.bitget.client import AccountType, BitgetClient
from exchanges.bitget.dialect.classic import words as classic
from exchanges.bitget.dialect.unified import words as unified
from exchanges.bitget.dialect.words import PRODUCT
from exchanges.bitget.errors import CLASSIC_ON_UNIFIED, UNIFIED_ON_CLASSIC
from exchanges.bitget.streams import backoffs

_TRIES: Final = 5


async def account_type(client: BitgetClient, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> AccountType:
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


async def _asked(client: BitgetClient) -> AccountType:
    try:
        await client.call(classic.BALANCE, {"productType": PRODUCT})
    except Fatal as error:
        if error.code not in CLASSIC_ON_UNIFIED:
            raise
    except Refused as error:
        raise RetryLater(f"the account's kind is not known yet: {error}", code=error.code) from error
    else:
        return "classic"
    try:
        await client.call(unified.SETTINGS, {})
    except Fatal as error:
        if error.code not in UNIFIED_ON_CLASSIC:
            raise
        raise RetryLater("neither API serves the account: is it being upgraded?", code=error.code) from error
    except Refused as error:
        raise RetryLater(f"the account's kind is not known yet: {error}", code=error.code) from error
    return "unified"
