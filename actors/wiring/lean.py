"""Loaded by Ray into every trading worker before it accepts work (`actors.wiring.flags` names it): shuts pyarrow out.

Ray registers serialisers for Arrow tables with the first message of a process, which loads all of pyarrow: 45 MB and
half a second for each. Actors exchange no Arrow tables; Ray goes on without when the import says that there is none.
Numba likewise loads SciPy where it is installed, which only tests need.
"""

from __future__ import annotations

import sys
from typing import Any, Final

_SHUT: Final[dict[str, Any]] = {"pyarrow": None, "scipy": None}  # an import that finds None raises ModuleNotFoundError

for _name, _nothing in _SHUT.items():
    sys.modules.setdefault(_name, _nothing)


def readmit() -> None:
    """Let pyarrow in, in the process of an actor that needs it."""
    if sys.modules.get("pyarrow", "") is None:
        del sys.modules["pyarrow"]
