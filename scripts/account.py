"""Which account a mode trades, and with which keys."""

from __future__ import annotations

from typing import Final

from actors.blueprint import Mode
from core.settings import Exchange, RateBudget
from exchanges.port import Credentials
from sandbox.config import AccountConfig
from scripts.secrets import Secrets

_LOCAL_RATE: Final = RateBudget(market=1_000, trade=1_000, account=1_000, position=1_000)


def local_account(exchange: Exchange, url: str, kind: str = "classic") -> Exchange:
    """The exchange as configured, but at a local one's address, with an account of this ``kind``."""
    return exchange.model_copy(update={
        "rest_url": url, "ws_url": url.replace("http", "ws", 1), "rate": _LOCAL_RATE, "account_type": kind,
        "subscribe_interval_ms": 0, "allow_unsafe_key": True,
    })


def credentials_of(mode: Mode, secrets: Secrets, kind: str = "classic") -> Credentials | None:
    """The keys of a mode; None where it has none, or where they are not all set. ``kind`` : of a demo's account."""
    if mode == "demo":
        account = AccountConfig.unified() if kind == "unified" else AccountConfig()
        return Credentials(account.key, account.secret, account.passphrase)
    keys = (secrets.bitget_api_key, secrets.bitget_api_secret, secrets.bitget_api_passphrase)
    if mode == "paper" or None in keys:
        return None
    return Credentials(*(key.get_secret_value() for key in keys if key is not None))
