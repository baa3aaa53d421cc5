"""Where real market data and recorded traffic lie, when they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def shared_path(*parts: str) -> Path:
    """A path below the shared folder; skips the calling test when it is not there."""
    root = Path(os.environ.get("SCALP_RADAR_SHARED") or Path(__file__).parents[2] / "shared")
    path = root.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs shared data: {'/'.join(parts)}")
    return path
