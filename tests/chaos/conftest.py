"""The tables of the campaigns, after everything else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

_LINES = pytest.StashKey[list[str]]()

Show = Callable[[str, Sequence[str]], None]


@pytest.fixture
def show(request: pytest.FixtureRequest) -> Show:
    """Keeps a title and lines for the end of the run."""
    kept = request.config.stash.setdefault(_LINES, [])

    def shown(title: str, lines: Sequence[str]) -> None:
        kept.extend(["", title, *lines])

    return shown


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print them."""
    for line in config.stash.get(_LINES, []):
        terminalreporter.write_line(line)
