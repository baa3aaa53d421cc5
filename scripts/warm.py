"""Compile the engine into Numba's cache, so that the first run does not wait: ``python -m scripts.warm``."""

from __future__ import annotations

import time
from importlib import import_module

from scripts.main import keep_compiled_code


def main() -> None:
    """Compile what is not in the cache yet and say how long that took."""
    keep_compiled_code()
    # After the cache's folder is set: Numba reads it when it is imported.
    from engine.warm import warm

    began = time.perf_counter()
    warm()
    for kernels in ("bootstrap", "fan", "splits"):
        import_module(f"optimization.statistics.{kernels}")
    print(f"engine compiled in {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
