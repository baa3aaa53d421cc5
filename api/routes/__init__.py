"""One file a subject, found by itself: each has ``routes(gateway, guard) -> APIRouter``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from fastapi import APIRouter

from api.gateway import Gateway
from api.guard import Guard


def discovered(gateway: Gateway, guard: Guard) -> Iterator[APIRouter]:
    """The routers of every file in this folder, by file name."""
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name):
        yield importlib.import_module(f"{__name__}.{module.name}").routes(gateway, guard)
