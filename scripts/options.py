"""Options that several commands share, and the reading of their values."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from core.errors import ConfigurationError

REPOSITORY: Final = Path(__file__).resolve().parents[1]

ConfigFolder = Annotated[
    Path | None,
    typer.Option("--config", envvar="SCALP_RADAR_CONFIG", help="Configuration folder.", show_default="config"),
]
StoreRoot = Annotated[
    str,
    typer.Option("--store", envvar="SCALP_RADAR_DATA", help="Candle store: a folder or a URI that pyarrow reads."),
]
ResultsFolder = Annotated[
    Path | None,
    typer.Option("--results", envvar="SCALP_RADAR_RESULTS", help="Where results are kept.", show_default="var/results"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]

DEFAULT_STORE: Final = "data"


def config_folder(given: Path | None) -> Path:
    """The folder that was named, else ``config`` here, else the one that came with the program."""
    if given is not None:
        return given
    here = Path("config")
    return here if here.is_dir() else REPOSITORY / "config"


def store_root() -> str:
    """Where the candle store is for commands without an option for it."""
    return os.environ.get("SCALP_RADAR_DATA") or DEFAULT_STORE


def candle_root() -> str:
    """The same, for a process with another working directory."""
    root = store_root()
    return root if "://" in root else str(Path(root).resolve())


def parse_when(text: str, option: str) -> int:
    """UTC ms of a date (``2025-03-01``) or an ISO 8601 time; without a zone it is UTC.

    Raises ConfigurationError naming the option.
    """
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ConfigurationError("command line", option, text, "must be a date such as 2025-03-01") from error
    return round(when.replace(tzinfo=when.tzinfo or UTC).timestamp() * 1000)


def parse_symbols(text: str, known: Sequence[str], option: str = "--symbols") -> tuple[str, ...]:
    """Symbols of a comma-separated list. Raises ConfigurationError for one that is not known or stands twice."""
    symbols = tuple(part.strip().upper() for part in text.split(",") if part.strip())
    for symbol in symbols:
        if symbol not in known:
            raise ConfigurationError("command line", option, symbol, f"unknown symbol; known are {', '.join(known)}")
    if not symbols or len(set(symbols)) != len(symbols):
        raise ConfigurationError("command line", option, text, "must be different symbols, separated by commas")
    return symbols


def print_json(value: Any) -> None:
    """One JSON document on standard output, with nothing around it."""
    typer.echo(json.dumps(value, indent=2))


def when_text(ts_ms: int) -> str:
    """A time for a table: ``2025-03-01 13:05`` (UTC)."""
    return datetime.fromtimestamp(ts_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
