"""Records of optimisations to rows and back. No NaN and no infinity passes."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any, Final

from storage.research_records import StoredJob, StoredRun, StoredWindow
from storage.rows import plain

_JSON: Final = ("params", "detail", "request", "progress", "symbols", "fingerprints")
_NEEDED: Final = ("duration_s", "score")


def run_values(run: StoredRun) -> dict[str, Any]:
    """The columns of a run. Raises ValueError for a figure that must be there and is undefined."""
    values = _values(run)
    values.pop("latest")
    for name in _NEEDED:
        if values[name] is None:
            raise ValueError(f"{name} = {getattr(run, name)!r}: must be a finite number")
    return values


def run(row: Mapping[str, Any]) -> StoredRun:
    """The run of a row; ``latest`` is a column that the query adds."""
    values = {field.name: row[field.name] for field in dataclasses.fields(StoredRun) if field.name != "latest"}
    return StoredRun(**_decoded(values) | {"latest": bool(row["latest"])})


def window_values(fingerprint: str, window: StoredWindow) -> dict[str, Any]:
    """The columns of a window."""
    return {"fingerprint": fingerprint, **_values(window)}


def window(row: Mapping[str, Any]) -> StoredWindow:
    """The window of a row."""
    return StoredWindow(**_decoded({field.name: row[field.name] for field in dataclasses.fields(StoredWindow)}))


def job_values(job: StoredJob) -> dict[str, Any]:
    """The columns of a job."""
    values = _values(job)
    values["detail"] = job.detail  # of a job it is a sentence
    return values


def job(row: Mapping[str, Any]) -> StoredJob:
    """The job of a row."""
    values = {field.name: row[field.name] for field in dataclasses.fields(StoredJob)}
    decoded = _decoded({**values, "detail": "null"}) | {"detail": values["detail"]}
    for name in ("symbols", "fingerprints"):
        decoded[name] = tuple(decoded[name])
    return StoredJob(**decoded)


def finite_json(text: str | bytes) -> Any:
    """What JSON text says. Raises ValueError for what is no JSON, and for NaN and infinities, which JSON has not."""

    def refused(word: str) -> None:
        raise ValueError(f"{word} is no number of JSON")

    def number(word: str) -> float:
        value = float(word)
        if not math.isfinite(value):
            raise ValueError(f"{word} is too large")
        return value

    return json.loads(text, parse_constant=refused, parse_float=number)


def json_text(value: Any) -> str:
    """JSON of ``value``, the same for the same value; what is undefined is null."""
    return json.dumps(plain(value), allow_nan=False, sort_keys=True, separators=(",", ":"))


def _values(record: Any) -> dict[str, Any]:
    values = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    return {name: json_text(value) if name in _JSON else plain(value) for name, value in values.items()}


def _decoded(values: dict[str, Any]) -> dict[str, Any]:
    return {name: json.loads(value) if name in _JSON else value for name, value in values.items()}
