"""Questions and commands to the API of a running system."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from core.errors import InputError
from scripts.running import running
from scripts.secrets import load_secrets

_ANSWER_S: Final = 5.0


def ask(url: str | None, path: str) -> Any:
    """What ``GET path`` answers, of the system at ``url``, else of the one that runs here. Raises InputError."""
    return _answer(urllib.request.Request(_base(url) + path))  # noqa: S310 - checked in _base


def tell(url: str | None, path: str, body: Mapping[str, Any], key: str | None = None) -> Any:
    """What ``POST path`` answers; ``key`` for what changes state. Raises InputError."""
    headers = {"Content-Type": "application/json", **({"X-API-Key": key} if key else {})}
    return _answer(urllib.request.Request(  # noqa: S310 - checked in _base
        _base(url) + path, data=json.dumps(body).encode(), headers=headers, method="POST"
    ))


def key_for(url: str | None) -> str:
    """The key for commands: SCALP_RADAR_API_KEY, else of the system that runs here its own. Raises InputError."""
    given = load_secrets().scalp_radar_api_key
    if given is not None:
        return given.get_secret_value()
    if url is not None:
        raise InputError("SCALP_RADAR_API_KEY is not set: a system named by --url takes commands with its key only")
    path = Path(running()["folder"]) / "api_key"
    try:
        return path.read_text().strip()
    except OSError as error:
        raise InputError(f"{path}: no key ({error.strerror}); SCALP_RADAR_API_KEY is not set") from error


def _base(url: str | None) -> str:
    base = (url or str(running()["url"])).rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise InputError(f"--url {base!r}: must begin with http:// or https://")
    return base


def _answer(request: urllib.request.Request) -> Any:
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_S) as answer:  # noqa: S310 - checked in _base
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise InputError(f"{request.full_url}: {_problem(error)}") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{request.full_url}: no answer ({error})") from error


def _problem(error: urllib.error.HTTPError) -> str:
    """The sentence of a problem document with the values that it names, else the status."""
    try:
        problem = json.load(error)
        faults = "; ".join(f"{fault['where']}: {fault['message']}" for fault in problem.get("errors", ()))
        return f"{problem['detail']} ({faults})" if faults else str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return f"answered {error.code}"
