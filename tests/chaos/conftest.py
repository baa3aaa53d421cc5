"""The tables of the campaigns, after everything else, whichever process has made them."""

from __future__ import annotations

import json
import time

import pytest

from tests.chaos.report import FOLDER

_BEGAN = pytest.StashKey[float]()


def pytest_configure(config: pytest.Config) -> None:
    """What lies there from before is not of this run."""
    config.stash[_BEGAN] = time.time()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print them."""
    for path in sorted(FOLDER.glob("*.json")):
        if path.stat().st_mtime >= config.stash[_BEGAN]:
            found = json.loads(path.read_text())
            for line in ("", found["title"], *found["shown"]):
                terminalreporter.write_line(line)
