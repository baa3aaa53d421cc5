"""Opening whatever holds candles: a store, one exchange of a store, or a folder of dumps."""

from __future__ import annotations

from pathlib import Path

from market.folder import FolderSource
from market.port import CandleSource
from market.store_source import open_store

__all__ = ["CandleSource", "open_source"]


def open_source(path: str | Path, exchange: str | None = None) -> CandleSource:
    """The candles under ``path``, of one exchange.

    ``exchange`` is needed only where several lie side by side. Raises DataError when nothing is there, or when the
    exchange is not named and there are several.
    """
    return open_store(path, exchange) or FolderSource(path, exchange)
