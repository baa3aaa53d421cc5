"""Sending results to a server: best effort, again until it took them, with what became of each written down.

Laws: a run is taken once however often it is sent, so sending again is always right. What a server refused for good is
not sent again by itself. The key goes to the address that was named and nowhere else: redirections are not followed.
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from core.errors import ConfigurationError, DataError, InputError, RetryLater
from optimization.result_store import ResultStore, now_ms
from storage.records import MAX_LIMIT
from storage.research_records import Push, PushState, RunQuery

PATH: Final = "/api/optimization/results"
TRIES: Final = 4
MOST_BYTES: Final = 64 * 1024 * 1024
"""What a server takes (`api.routes.optimization`)."""

_MEDIA_TYPE: Final = "application/vnd.apache.arrow.file"
_ANSWER_S: Final = 120.0
_LONGEST_WAIT_S: Final = 60.0
_LATER: Final = (408, 425, 429, 500, 502, 503, 504)
_KEY_WRONG: Final = (401, 403)


class KeyRefused(InputError):
    """The server does not take this key: no use in trying on."""


class NotTaken(InputError):
    """The server will never take this run."""


class Server(NamedTuple):
    """Where to: ``url`` without a slash at its end, the key for state-changing calls."""

    url: str
    key: str


def server(url: str, key_variable: str, environment: Callable[[str], str | None]) -> Server:
    """The server at ``url``, its key from the environment. Raises ConfigurationError naming what is wrong."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment or parts.username:
        allowed = "must be an address such as https://server.example:8000, without user, query or fragment"
        raise ConfigurationError("command line", "--to", url, allowed)
    key = environment(key_variable)
    if not key:
        raise ConfigurationError("command line", "--key-env", key_variable, "names no environment variable with a key")
    if not key.isprintable() or not key.isascii():
        raise ConfigurationError("environment", key_variable, "(hidden)", "must be printable ASCII")
    return Server(url.rstrip("/"), key)


def unsent(store: ResultStore, target: str) -> tuple[str, ...]:
    """Fingerprints of the runs that ``target`` neither took nor refused, oldest first."""
    settled = {push.fingerprint for push in store.research.pushes(target) if push.state != "waiting"}
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = store.runs(RunQuery(limit=MAX_LIMIT, cursor=cursor))
        found += [run.fingerprint for run in page.items if run.fingerprint not in settled]
        cursor = page.cursor
        if cursor is None:
            return tuple(reversed(found))


def push(
    store: ResultStore, to: Server, fingerprints: Iterable[str], sleep: Callable[[float], None] = time.sleep
) -> Iterator[Push]:
    """Send runs one after another; what became of each, as it is written down. Goes on after a failure.

    Raises KeyRefused for a key that the server does not take; nothing is lost, the rest waits.
    """
    for fingerprint in fingerprints:
        before = next((p.attempts for p in store.research.pushes(to.url) if p.fingerprint == fingerprint), 0)
        attempts, state, detail = _sent(store, to, fingerprint, sleep)
        done = Push(fingerprint, to.url, state, before + attempts, now_ms(), detail)
        store.research.save_push(done)
        yield done


def _sent(
    store: ResultStore, to: Server, fingerprint: str, sleep: Callable[[float], None]
) -> tuple[int, PushState, str]:
    """How often it was tried, what became of it, and the server's word."""
    try:
        packed = store.packed(fingerprint, MOST_BYTES)
    except DataError as error:
        return 0, "refused", str(error)
    attempts = 0
    patience = Retrying(
        retry=retry_if_exception_type(RetryLater), stop=stop_after_attempt(TRIES), wait=_wait_s, sleep=sleep,
        reraise=True,
    )
    try:
        for attempt in patience:
            with attempt:
                attempts = attempt.retry_state.attempt_number
                receipt = _post(to, packed)
    except RetryLater as error:
        return attempts, "waiting", str(error)
    except NotTaken as error:
        return attempts, "refused", str(error)
    return attempts, "delivered", "new there" if receipt.get("new") else "known there"


def _post(to: Server, packed: bytes) -> dict[str, Any]:
    """The server's receipt. Raises RetryLater, KeyRefused or NotTaken."""
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked
        to.url + PATH, data=packed, headers={"X-API-Key": to.key, "Content-Type": _MEDIA_TYPE}, method="POST"
    )
    try:
        with _OPENER.open(request, timeout=_ANSWER_S) as answer:
            receipt = json.load(answer)
    except urllib.error.HTTPError as error:
        raise _refusal(error) from error
    except (OSError, http.client.HTTPException) as error:
        raise RetryLater(f"no answer ({error})") from error
    except ValueError as error:
        raise RetryLater("the answer is no JSON") from error
    if not isinstance(receipt, dict) or "fingerprint" not in receipt:
        raise RetryLater("the answer is no receipt")
    return receipt


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """The key is meant for the address that was named."""

    def redirect_request(self, *_: Any) -> None:
        """None: an error with the redirection's code."""


_OPENER: Final = urllib.request.build_opener(_NoRedirection)


def _refusal(error: urllib.error.HTTPError) -> Exception:
    try:
        detail = json.load(error).get("detail", "")
    except (ValueError, AttributeError, OSError):
        detail = ""
    said = f"answered {error.code}: {detail or error.reason}"
    if error.code in _KEY_WRONG:
        return KeyRefused(f"{error.url}: {said}")
    if error.code in _LATER:
        return RetryLater(said, retry_after_s=_seconds(error.headers.get("Retry-After")))
    return NotTaken(said)


def _seconds(text: str | None) -> float:
    return min(float(text), _LONGEST_WAIT_S) if text is not None and text.isdecimal() else 0.0


def _wait_s(state: RetryCallState) -> float:
    """Growing waits, and what the server asked for."""
    error = state.outcome.exception() if state.outcome else None
    asked_s = error.retry_after_s if isinstance(error, RetryLater) else 0.0
    return max(asked_s, wait_exponential(multiplier=0.5, max=10)(state))
