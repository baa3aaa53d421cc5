"""Pandas and SciPy kept out of the program: where they are installed (tests need them), others would load them.

Pyarrow loads pandas with the first column, which takes 1.5 s and 50 MB; Numba loads SciPy with itself. Nothing here
uses either.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

KEPT_OUT: Final = ("pandas", "scipy")


class _NoPandas(MetaPathFinder):
    """Raises where they are looked for. None in `sys.modules` would do, but for pyarrow asked by two threads at once:
    the second one then takes None for the module.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in KEPT_OUT:
            raise ModuleNotFoundError(f"{fullname} is kept out of the program", name=fullname)
        return None


def shut_pandas_out() -> None:
    """From now on an import of them raises ModuleNotFoundError."""
    sys.meta_path.insert(0, _NoPandas())


def let_pandas_in() -> None:
    """Take it back."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _NoPandas)]
