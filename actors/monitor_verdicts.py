"""The newest verdicts of optimisations, read from where their results are kept."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from core.frozen import Letter
from engine.selector import Setup, Verdict
from storage.research_records import RunQuery, StoredRun

if TYPE_CHECKING:
    from storage.research import Research


class StoredVerdicts:
    """The newest verdict of each pair of strategy and symbol.

    Law: where nothing was ever optimised nothing is opened, loaded or made.

    Parameters
    ----------
    file : the database of results. pairs : that are asked about.
    """

    def __init__(self, file: Path, pairs: Iterable[tuple[str, str]]) -> None:
        self._file, self._pairs = file, tuple(pairs)
        self._research: Research | None = None

    def __call__(self) -> dict[tuple[str, str], Verdict]:
        """Of those that have one. Raises `storage.research.ResearchFailure` or ConfigurationError."""
        if self._research is None:
            if not self._file.is_file():
                return {}
            # Here, since SQL would stand in the memory of every monitor.
            from storage.research import open_research

            self._research = open_research(f"sqlite:///{self._file.absolute()}")
        found = {}
        for strategy, symbol in self._pairs:
            page = self._research.runs(RunQuery(strategy=strategy, symbol=symbol, limit=1))
            if page.items:
                found[strategy, symbol] = verdict_of(page.items[0])
        return found

    def close(self) -> None:
        """Close the database, if it is open."""
        if self._research is not None:
            self._research.close()
            self._research = None


def verdict_of(run: StoredRun) -> Verdict:
    """What the selector needs of a run; a run that chose nothing judged no parameters."""
    leverage = float(run.detail.get("job", {}).get("costs", {}).get("leverage", 0.0))
    return Verdict(
        run.ts_ms, run.fingerprint, cast(Letter, run.grade), run.gate_passed,
        Setup(run.params, run.timeframe, leverage),
    )
