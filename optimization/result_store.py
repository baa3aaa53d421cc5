"""Where results of optimisations are kept: a folder with a database and, beside it, a file for each run.

    results.sqlite                 runs, windows, trials, jobs, pushes (`storage.research`)
    runs/<fingerprint>.arrow       every combination of a run (`optimization.run_file`)
    chunks/                        finished chunks, for runs that were broken off (`optimization.chunk_store`)

Law: the file of a run is there before the database knows of the run. A crash between the two leaves a file that the
next attempt replaces.
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from core.errors import DataError
from optimization import run_file
from optimization.chunk_store import ChunkStore
from optimization.combinations import Combinations
from optimization.run_file import Kept
from storage.records import Page
from storage.research import Research
from storage.research_records import RunQuery, StoredRun, StoredWindow

if TYPE_CHECKING:
    from optimization.walkforward.outcome import Outcome

_PREFIX: Final = re.compile(r"[0-9a-f]{4,64}")


class Received(NamedTuple):
    """A run as it is stored now, and whether it was new here."""

    run: StoredRun
    new: bool


def now_ms() -> int:
    """The wall clock, UTC ms."""
    return time.time_ns() // 1_000_000


class ResultStore:
    """Opens (and makes) what the file's head shows.

    Parameters
    ----------
    root : the folder. url : of another database than the one in it. clock_ms : the wall clock, UTC ms.

    Raises ConfigurationError when the database cannot be opened. Safe to use from several threads.
    """

    def __init__(self, root: Path, url: str | None = None, clock_ms: Callable[[], int] = now_ms) -> None:
        self.root, self._clock_ms = root, clock_ms
        self.research = Research(url or f"sqlite:///{root.absolute()}/results.sqlite")
        self.chunks = ChunkStore(root / "chunks")

    def close(self) -> None:
        """Close the database; safe to call twice."""
        self.research.close()

    def save(self, outcome: Outcome, origin: str) -> StoredRun:
        """Store an outcome that was just finished here; the run as it is stored.

        Chunks that nobody used for long are deleted. Raises DataError when the folder cannot be written to, Conflict
        when the run is stored with another result.
        """
        # Here, since the compiled engine would stand in the memory of everybody who only reads.
        from optimization.results import kept

        stored = self._keep(kept(outcome, self._clock_ms(), origin)).run
        self.chunks.prune()
        return stored

    def receive(self, packed: bytes) -> Received:
        """Store the file of a run that came from elsewhere; again changes nothing. Raises DataError when unsound."""
        sent = run_file.unpack(packed, "the file")
        return self._keep(sent)

    def packed(self, fingerprint: str, most_bytes: int = 2**63) -> bytes:
        """The file of a run, to be sent. Raises DataError when it is not here or larger than ``most_bytes``."""
        path = self._path(fingerprint)
        try:
            size_bytes = path.stat().st_size
            if size_bytes > most_bytes:
                raise DataError(f"{path}: {size_bytes:,} bytes; {most_bytes:,} can be sent")
            return path.read_bytes()
        except OSError as error:
            raise DataError(f"{path}: the combinations of this run are not here") from error

    def runs(self, query: RunQuery = RunQuery()) -> Page[StoredRun]:
        """Runs that match, newest first."""
        return self.research.runs(query)

    def run(self, prefix: str) -> StoredRun:
        """The run whose fingerprint begins with at least four digits ``prefix``.

        Raises DataError when there is none, or are several.
        """
        if not _PREFIX.fullmatch(prefix):
            raise DataError(f"run {prefix[:64]!r}: allowed are 4 to 64 hexadecimal digits of its fingerprint")
        found = self.research.run(prefix)
        if found is None:
            raise DataError(f"run {prefix!r}: is not stored here; `scalp-radar results list` shows what is")
        return found

    def windows(self, fingerprint: str) -> tuple[StoredWindow, ...]:
        """The windows of a run, oldest first."""
        return self.research.windows(fingerprint)

    def combinations(self, fingerprint: str) -> Combinations:
        """Every combination of a run. Raises DataError when its file is missing or damaged."""
        return Combinations(self._path(fingerprint))

    def _keep(self, sent: Kept) -> Received:
        now = self._clock_ms()
        # A clock that is ahead elsewhere must not keep its run the latest for ever.
        run = dataclasses.replace(sent.run, ts_ms=min(sent.run.ts_ms, now), received_ms=now)
        stored, path = self.research.run(run.fingerprint), self._path(run.fingerprint)
        same = stored is None or stored.result_hash == run.result_hash
        if same and (stored is None or stored.ts_ms < run.ts_ms or not path.exists()):
            run_file.write(path, sent._replace(run=run))
        new = self.research.save_run(run, sent.windows)
        return Received(self.run(run.fingerprint), new)

    def _path(self, fingerprint: str) -> Path:
        return self.root / "runs" / f"{fingerprint}.arrow"
