"""Compile what can be compiled ahead, so that the first run does not wait: ``python -m scripts.warm``.

The engine goes into Numba's cache. Everything that the program is made of is loaded once, libraries included, so that
Python keeps its bytecode: where nothing may be written later (an image, ``PYTHONDONTWRITEBYTECODE``), each process
would compile it again, for seconds.
"""

from __future__ import annotations

import pkgutil
import time
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from scripts.main import keep_compiled_code

PARTS: Final = ("strategies", "market", "exchanges", "storage", "sandbox", "optimization", "actors", "api", "scripts")


def main() -> None:
    """Compile what is not compiled yet and say how long that took."""
    keep_compiled_code()
    # After the cache's folder is set: Numba reads it when it is imported.
    from engine.warm import warm

    began = time.perf_counter()
    warm()
    loaded = load(PARTS)
    print(f"engine compiled, {len(loaded)} modules loaded in {time.perf_counter() - began:.1f} s")


def load(parts: Sequence[str]) -> list[str]:
    """The names of all modules of these packages, imported; without those that need what is not installed."""
    loaded = []
    for part in parts:
        package = import_module(part)
        for module in pkgutil.walk_packages(package.__path__, f"{part}."):
            try:
                import_module(module.name)
            except ModuleNotFoundError as error:
                if (error.name or "").partition(".")[0] in parts:
                    raise
                continue
            loaded.append(module.name)
    return loaded


if __name__ == "__main__":
    main()
