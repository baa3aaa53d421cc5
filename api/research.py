"""The port to the results of optimisations: everything the API shows of them, and takes in."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from api.research_models import CombinationPage, Heatmap, JobPage, JobView, Receipt, RunDetail, RunPage
from storage.research_records import JobQuery, RunQuery


class HeatmapQuestion(NamedTuple):
    """Which heatmap of which run."""

    fingerprint: str
    x: str
    y: str
    figure: str
    aggregate: str
    window: int | None
    fixed: tuple[tuple[str, int], ...] = ()


class BodyQuestion(NamedTuple):
    """Which figures of all combinations of which run."""

    fingerprint: str
    figures: tuple[str, ...]
    window: int | None


class BestQuestion(NamedTuple):
    """Which combinations of which run."""

    fingerprint: str
    by: str
    window: int | None
    limit: int
    offset: int


class ResearchPort(Protocol):
    """None: there is no such thing. Raises DataError for what cannot be asked, `Unavailable` when nobody answers."""

    async def runs(self, query: RunQuery) -> RunPage:
        """Runs, newest first."""

    async def run(self, fingerprint: str) -> RunDetail | None:
        """One run; the beginning of its fingerprint will do."""

    async def combinations(self, question: BestQuestion) -> CombinationPage | None:
        """Its combinations, best first."""

    async def heatmap(self, question: HeatmapQuestion) -> Heatmap | None:
        """A figure over two parameters."""

    async def body(self, question: BodyQuestion) -> bytes | None:
        """All combinations as `optimization.combination_body` has them."""

    async def tag(self, fingerprint: str) -> str | None:
        """What changes when the answer about a run does."""

    async def jobs(self, query: JobQuery) -> JobPage:
        """Jobs, newest first."""

    async def job(self, job_id: str) -> JobView | None:
        """One job."""

    async def receive(self, packed: bytes, sender: str) -> Receipt:
        """Store the file of a run. Raises Conflict when it is stored with another result."""
