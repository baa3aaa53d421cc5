"""How far several runs are, as bars on a terminal."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from optimization.walkforward.job import Job
from optimization.walkforward.port import Progress as Told
from optimization.walkforward.port import Stage, Tell

_STAGES: dict[Stage, tuple[float, float]] = {
    "in sample": (0.0, 0.7), "out of sample": (0.7, 0.95), "statistics": (0.95, 1.0),
}
"""From where to where in the bar; shares of the time, about."""


class Bars:
    """A bar for each run that has begun, and one for all of them."""

    def __init__(self, progress: Progress, runs: int) -> None:
        self._progress = progress
        self._all = progress.add_task("runs", total=runs, text=f"0 of {runs} runs") if runs > 1 else None
        self._ended, self._runs = 0, runs
        self._tasks: dict[int, TaskID] = {}
        self._lock = threading.Lock()

    def of(self, job: Job) -> Tell:
        """Who shows how far the job is."""
        return lambda told: self._show(job, told)

    def say(self, line: str) -> None:
        """A line above the bars."""
        if self._progress.console.is_terminal:
            self._progress.console.print(line, style="dim", highlight=False)

    def ended(self, job: Job) -> None:
        """Take its bar away."""
        with self._lock:
            self._ended += 1
            if (task := self._tasks.pop(id(job), None)) is not None and self._runs > 1:
                self._progress.remove_task(task)
            if self._all is not None:
                self._progress.update(self._all, completed=self._ended, text=f"{self._ended} of {self._runs} runs")

    def _show(self, job: Job, told: Told) -> None:
        begin, end = _STAGES[told.stage]
        share = told.done / told.total if told.total else 1.0
        with self._lock:
            if id(job) not in self._tasks:
                self._tasks[id(job)] = self._progress.add_task(f"{job.strategy} {job.symbol}", total=1.0, text="")
            self._progress.update(self._tasks[id(job)], completed=begin + share * (end - begin), text=_text(told))


@contextmanager
def bars(wanted: Sequence[Job], console: Console | None = None) -> Iterator[Bars]:
    """Inside, the bars are on standard error when that is a terminal, and nowhere otherwise."""
    console = console or Console(stderr=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(bar_width=24), TextColumn("{task.fields[text]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Bars(progress, len(wanted))


def _text(told: Told) -> str:
    if told.stage == "statistics":
        return "statistics"
    kept = f", {told.kept / told.total:.0%} were there already" if told.kept else ""
    speed = (told.done - told.kept) / told.seconds if told.seconds > 0 else 0.0
    rate = f", {speed / 1e6:,.0f} M candles/s" if speed >= 1e6 else ""
    return f"{told.stage}, window {told.window} of {told.windows}{rate}{kept}"


