"""Pandas kept out of the program: where it is installed (tests need it), pyarrow would load it with the first column.

That takes 1.5 s and 50 MB, and nothing here uses it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _NoPandas(MetaPathFinder):
    """Raises where pandas is looked for. None in `sys.modules` would do, but for pyarrow asked by two threads at once:
    the second one then takes None for the module.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is kept out of the program", name="pandas")
        return None


def shut_pandas_out() -> None:
    """From now on an import of pandas raises ModuleNotFoundError."""
    sys.meta_path.insert(0, _NoPandas())


def let_pandas_in() -> None:
    """Take it back."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _NoPandas)]
