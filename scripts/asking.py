"""Questions to the API of a running system."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any, Final

from core.errors import InputError
from scripts.running import running

_ANSWER_S: Final = 5.0


def ask(url: str | None, path: str) -> Any:
    """What ``GET path`` answers, of the system at ``url``, else of the one that runs here. Raises InputError."""
    base = (url or str(running()["url"])).rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise InputError(f"--url {base!r}: must begin with http:// or https://")
    try:
        with urllib.request.urlopen(base + path, timeout=_ANSWER_S) as answer:  # noqa: S310 - checked above
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise InputError(f"{base + path}: {_problem(error)}") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{base + path}: no answer ({error})") from error


def _problem(error: urllib.error.HTTPError) -> str:
    """The sentence of a problem document, else the status."""
    try:
        return str(json.load(error)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"answered {error.code}"
