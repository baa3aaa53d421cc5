"""Who is asking: Bitget's signatures over REST and WebSocket, checked against wall time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from sandbox.account import CLASSIC, Account
from sandbox.refusal import Refusal

FRESH_MS: Final = 30_000


def sign(secret: str, text: str) -> str:
    """Base64 of HMAC-SHA256."""
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha256)).decode()


def authenticate(
    accounts: Mapping[str, Account], headers: Mapping[str, str], method: str, raw_path: str, body: str,
    skew_ms: int = 0,
) -> Account:
    """The account that signed a REST request. Raises Refusal with Bitget's code for what is wrong.

    ``skew_ms`` : how far the exchange's clock is ahead of wall time.
    """
    key = headers.get("ACCESS-KEY", "")
    if not key:
        raise Refusal("40001", "ACCESS_KEY cannot be empty")
    account = accounts.get(key)
    if account is None:
        raise Refusal("40006", "Invalid ACCESS_KEY")
    stamp = headers.get("ACCESS-TIMESTAMP", "")
    if not stamp.isdigit():
        raise Refusal("40005", "Invalid ACCESS_TIMESTAMP")
    if abs(time.time() * 1000 + skew_ms - int(stamp)) > FRESH_MS:
        raise Refusal("40008", "Request timestamp expired")
    if not hmac.compare_digest(headers.get("ACCESS-PASSPHRASE", ""), account.passphrase):
        raise Refusal("40012", "apikey/password is incorrect")
    given = headers.get("ACCESS-SIGN", "")
    texts = {stamp + method + path + body for path in (raw_path, unquote(raw_path))}
    if not any(hmac.compare_digest(given, sign(account.secret, text)) for text in texts):
        raise Refusal("40009", "sign signature error")
    return account


def login(accounts: Mapping[str, Account], args: Mapping[str, str], kind: str, skew_ms: int = 0) -> Account:
    """The account that logs in over WebSocket; ``skew_ms`` as in `authenticate`.

    Raises Refusal with Bitget's WebSocket code.
    """
    account = accounts.get(str(args.get("apiKey", "")))
    if account is None:
        raise Refusal("30011", "Invalid ACCESS_KEY")
    stamp = str(args.get("timestamp", ""))
    if not stamp.isdigit():
        raise Refusal("30014", "Invalid ACCESS_TIMESTAMP")
    if abs(time.time() * 1000 + skew_ms - int(stamp) * 1000) > FRESH_MS:
        raise Refusal("30013", "Request timestamp expired")
    if not hmac.compare_digest(str(args.get("passphrase", "")), account.passphrase):
        raise Refusal("30012", "Invalid ACCESS_PASSPHRASE")
    if not hmac.compare_digest(str(args.get("sign", "")), sign(account.secret, stamp + "GET/user/verify")):
        raise Refusal("30015", "Invalid sign")
    if account.kind != kind:
        raise Refusal("30005", f"login failed: this is a {account.kind} account")
    return account


def require_kind(account: Account, kind: str) -> None:
    """Raises Refusal when a path of the one protocol is asked by an account of the other."""
    if account.kind != kind:
        code, mode, other = (
            ("40084", "Classic", "Unified") if account.kind == CLASSIC else ("40085", "Unified", "Classic")
        )
        message = f"You are in {mode} Account mode, and the {other} Account API is not supported at this time"
        raise Refusal(code, message)
