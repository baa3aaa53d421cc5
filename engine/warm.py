"""Compiling everything ahead of time: importing is compiling, since every kernel declares its types."""

from __future__ import annotations

import importlib
import pkgutil

import engine
import indicators


def warm() -> None:
    """Compile, or load from Numba's disk cache, every kernel of the engine and the indicators."""
    for package in (engine, indicators):
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
