"""Digests of source code: a result belongs to the code that made it."""

from __future__ import annotations

import hashlib
import inspect
import sys
from pathlib import Path

from core.confirmed import Confirmed
from strategies.discovery import AnyFilter, AnyStrategy

PACKAGES = ("core", "indicators", "engine", "optimization/statistics", "optimization/walkforward")
_ROOT = Path(__file__).resolve().parents[2]


def code_version() -> str:
    """16 hex digits of everything that computes: a change of engine, indicators or statistics is another version."""
    sha = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((_ROOT / package).glob("*.py")):
            sha.update(f"{package}/{path.name}".encode())
            sha.update(path.read_bytes())
    return sha.hexdigest()[:16]


def source_digest(strategy: AnyStrategy | AnyFilter) -> str:
    """sha256 (hex) of the files that define the strategy, what it inherits from, and its filter's, if any."""
    sha = hashlib.sha256()
    parts: list[object] = [strategy]
    if isinstance(strategy, Confirmed):
        parts += [strategy.strategy, strategy.filter]
        sha.update(f"{strategy.filter_params.model_dump_json()} {strategy.min_score!r}".encode())
    modules = dict.fromkeys(cls.__module__ for part in parts for cls in type(part).__mro__)
    for module in modules:
        source = _source(module)
        sha.update(f"{module.rsplit('.')[-1] if source is None else len(source)}".encode())
        sha.update(source or b"")
    return sha.hexdigest()


def _source(module: str) -> bytes | None:
    """What the module's file holds, None for one that has no file of Python."""
    try:
        path = inspect.getsourcefile(sys.modules[module])
    except (KeyError, TypeError):
        return None
    return Path(path).read_bytes() if path and Path(path).exists() else None
