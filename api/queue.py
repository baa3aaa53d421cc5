"""The port to the optimizer's queue."""

from __future__ import annotations

from typing import Protocol

from api.queue_models import Estimates, GridView, JobOrder, Optimisable, Submission


class QueuePort(Protocol):
    """Raises InputError for what cannot be asked, `Unavailable` while nobody answers."""

    async def strategies(self) -> Optimisable:
        """What can be optimised, and over which candles."""

    async def grid(self, strategy: str) -> GridView:
        """The parameters of a strategy with what the grid tries."""

    async def estimate(self, order: JobOrder) -> Estimates:
        """What a job would take."""

    async def submit(self, order: JobOrder) -> Submission:
        """Queue a job."""

    async def cancel(self, job_id: str) -> bool:
        """End a job; whether there was one that could be."""
