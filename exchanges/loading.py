"""Loading ccxt's Bitget client without the hundred other exchanges.

The packages ``ccxt``, ``ccxt.async_support`` and ``ccxt.pro`` import every exchange they know, which costs each
process that speaks to a venue about 50 MB. While we import, a hook drops those lines from the three package files.
What comes out is compared with what the plain import is known to give; when anything differs, the plain import is used.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any, Final

_PACKAGES: Final = ("ccxt", "ccxt.async_support", "ccxt.pro")
_EXCHANGE_LINE: Final = re.compile(r"from ccxt\.(?:async_support\.|pro\.)?(\w+) import (\w+)\b")


def ccxt_class(exchange: str) -> Any:
    """The class ``ccxt.pro.<exchange>``, loaded alone when that gives the same class as loading everything.

    Nothing is hooked when ccxt is loaded already. Raises ModuleNotFoundError for an exchange ccxt does not have.
    """
    name = f"ccxt.pro.{exchange}"
    if "ccxt" not in sys.modules:
        found = _load_alone(name, exchange)
        if found is not None:
            return found
    return getattr(importlib.import_module(name), exchange)


def resolution_order(found: type) -> tuple[str, ...]:
    """Full names of a class's method resolution order."""
    return tuple(f"{c.__module__}.{c.__qualname__}" for c in found.__mro__)


def expected_order(exchange: str) -> tuple[str, ...]:
    """The resolution order that the plain import gives in the ccxt release we depend on."""
    return (
        f"ccxt.pro.{exchange}.{exchange}",
        f"ccxt.async_support.{exchange}.{exchange}",
        "ccxt.async_support.base.exchange.Exchange",
        "ccxt.async_support.base.exchange.BaseExchange",
        "ccxt.base.exchange.BaseExchange",
        f"ccxt.abstract.{exchange}.ImplicitAPI",
        "builtins.object",
    )


def _load_alone(name: str, exchange: str) -> type | None:
    """The class loaded under the hook, or None (and ccxt unloaded again) when it is not what it should be."""
    hook = _OneExchange(exchange)
    sys.meta_path.insert(0, hook)
    try:
        found: type = getattr(importlib.import_module(name), exchange)
        if resolution_order(found) == expected_order(exchange):
            return found
    except (ImportError, AttributeError, NameError):
        pass  # a package file of another shape than the hook knows: the plain import decides
    finally:
        sys.meta_path.remove(hook)
    for module in [m for m in sys.modules if m == "ccxt" or m.startswith("ccxt.")]:
        del sys.modules[module]
    return None


class _OneExchange(MetaPathFinder):
    """Finds the three package files and gives them a loader that drops the other exchanges' import lines."""

    def __init__(self, keep: str) -> None:
        self._keep = keep

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _PACKAGES:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            # The synchronous package needs no exchange at all: the asynchronous one does not build on it.
            spec.loader = _Dropping(fullname, spec.origin, "" if fullname == "ccxt" else self._keep)
        return spec


class _Dropping(SourceFileLoader):
    """Compiles a package file without the import lines of exchanges other than ``keep``."""

    def __init__(self, fullname: str, path: str, keep: str) -> None:
        super().__init__(fullname, path)
        self._keep = keep

    def get_code(self, fullname: str) -> CodeType:
        # Never from or into the bytecode cache: that belongs to the whole file.
        lines = self.get_data(self.path).decode().splitlines()
        text = "\n".join("" if self._foreign(line) else line for line in lines)
        return self.source_to_code(text.encode(), self.path)

    def _foreign(self, line: str) -> bool:
        match = _EXCHANGE_LINE.match(line)
        return match is not None and match[1] == match[2] != self._keep
