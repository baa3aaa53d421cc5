"""The program: its configuration, compiled engine, dashboard."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.errors import ConfigurationError
from scripts.doctor.finding import Finding, graded

if TYPE_CHECKING:
    from core.settings import Settings

_COMPILED: Final = "*.nbi"


def settings_of(folder: Path) -> tuple[Settings | None, Finding]:
    """What is configured, where it is sound."""
    # Here, since pydantic, numpy and the engine would slow the start of every command.
    from scripts.configuration import load_settings
    from scripts.secrets import load_secrets

    try:
        settings = load_settings(folder)
        load_secrets()
    except ConfigurationError as error:
        return None, Finding("configuration", "wrong", " ".join(str(error).split()), "correct it, then ask again")
    return settings, Finding("configuration", "ok", f"{folder}: sound")


def program(repository: Path) -> Iterator[Finding]:
    """What ``make install`` leaves behind."""
    cache = Path(os.environ.get("NUMBA_CACHE_DIR") or repository / ".cache" / "numba")
    compiled = sum(1 for _ in cache.rglob(_COMPILED))
    yield graded(
        "compiled engine", f"{compiled} functions in {cache}",
        "make install; else the first start compiles for a minute", warn=not compiled,
    )
    site = repository / "dashboard" / "dist" / "index.html"
    found = str(site) if site.is_file() else "not built: the plain status page is served; make dashboard builds it"
    yield Finding("dashboard", "ok", found)
