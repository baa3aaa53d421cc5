"""Results as one HTML file that needs nothing beside itself: no network, no other file."""

from __future__ import annotations

from pathlib import Path

from core.errors import ConfigurationError
from scripts.backtesting import Outcome


def check_writable(path: Path) -> None:
    """Raise ConfigurationError unless a file of this name can be written."""
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise ConfigurationError("command line", "--html", str(path), "allowed is a file in a folder that exists")


def write_page(path: Path, outcome: Outcome) -> None:
    """Write it."""
