"""One run as one file: an Arrow table of its combinations that bears the run and its windows in its metadata.

It stands by itself: what is sent to a server is this file.

Law: what comes from elsewhere is checked in full before anything is believed: types, names that become paths, finite
numbers, as many rows as there are combinations.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import uuid
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_type_hints

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from core.errors import DataError
from optimization.inflation import sound
from storage.research_records import StoredRun, StoredWindow
from storage.research_rows import finite_json, json_text

METRICS: Final = ("sharpe", "return", "drawdown", "trades")
PARTS: Final = ("in", "out")
PARAM: Final = "param."
"""Parameters' columns are ``param.NAME``; figures' are ``in.sharpe.0``: part, metric, window."""

_HEAD: Final = b"scalp_radar.run"
_VERSION: Final = 1
_LATEST_MS: Final = 2**53
_PATTERNS: Final = {
    "fingerprint": re.compile(r"[0-9a-f]{64}"), "result_hash": re.compile(r"[0-9a-f]{64}"),
    "strategy": re.compile(r"[A-Za-z0-9_]{1,64}"), "symbol": re.compile(r"[A-Z0-9]{1,20}-[A-Z0-9]{2,10}"),
    "timeframe": re.compile(r"[0-9]{1,4}[a-zA-Z]{1,2}"), "grade": re.compile(r"[A-F]"),
    "origin": re.compile(r"[^\x00-\x1f]{0,100}"), "code_version": re.compile(r"[^\x00-\x1f]{0,100}"),
}
_NUMBERS: Final = (pa.types.is_integer, pa.types.is_floating)
_KINDS: Final = (*_NUMBERS, pa.types.is_boolean, pa.types.is_string)
"""Of columns: figures are numbers, parameters words as well."""
_TIMES: Final = ("ts_ms", "received_ms", "from_ms", "to_ms")
_COUNTS: Final = ("combinations", "windows", "trials", "trades")


class Kept(NamedTuple):
    """What is stored of an outcome; ``combinations`` is a pyarrow table, a row each."""

    run: StoredRun
    windows: tuple[StoredWindow, ...]
    combinations: Any


def pack(kept: Kept) -> bytes:
    """The content of a run's file."""
    sink = pa.BufferOutputStream()
    _write(sink, kept)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]  # pyarrow bears no types


def write(path: Path, kept: Kept) -> None:
    """Put a run's file at ``path``, all or nothing, on the disk when this returns.

    Raises DataError when the place cannot be written to.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            _write(file, kept)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise DataError(f"{path}: cannot be written: {error.strerror}") from error


def _write(sink: Any, kept: Kept) -> None:
    head = {
        "version": _VERSION, "run": {n: v for n, v in _fields(kept.run).items() if n != "latest"},
        "windows": [_fields(window) for window in kept.windows],
    }
    table = kept.combinations.replace_schema_metadata({_HEAD: json_text(head).encode()})
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table)


def unpack(packed: bytes | Any, name: str) -> Kept:
    """The run in a file that came from anywhere, checked. Raises DataError saying what is wrong with ``name``."""
    try:
        table = sound(packed, name)
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{name}: is no Arrow file of a run: {_line(error)}") from error
    try:
        head = finite_json((table.schema.metadata or {})[_HEAD])
        if not isinstance(head, dict) or head.get("version") != _VERSION:
            raise ValueError(f"version: allowed is {_VERSION}")
        run = StoredRun(**_checked(_RUN, head.get("run")))
        windows = tuple(StoredWindow(**_checked(_WINDOW, window, "windows")) for window in _list(head.get("windows")))
        _check(run, windows, table)
    except KeyError as error:
        raise DataError(f"{name}: is no Arrow file of a run: it has no {_HEAD.decode()}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name}: {_line(error)}") from error
    return Kept(run, windows, table)


def _check(run: StoredRun, windows: tuple[StoredWindow, ...], table: Any) -> None:
    """Raises ValueError naming what cannot be."""
    _check_run(run)
    _check_windows(run, windows)
    _check_table(run, table)


def _check_run(run: StoredRun) -> None:
    for field, pattern in _PATTERNS.items():
        value = getattr(run, field)
        if not pattern.fullmatch(value):
            raise ValueError(f"{field} = {value[:40]!r}: allowed is {pattern.pattern}")
    for field in (*_TIMES, *_COUNTS):
        value = getattr(run, field)
        if not 0 <= value <= _LATEST_MS:
            raise ValueError(f"{field} = {value}: allowed is 0 to {_LATEST_MS}")
    _checked(_Detail, run.detail, "detail")


def _check_windows(run: StoredRun, windows: tuple[StoredWindow, ...]) -> None:
    if [window.number for window in windows] != list(range(run.windows)):
        raise ValueError(f"windows: {len(windows)} are given; there must be {run.windows}, numbered from 0")
    for window in windows:
        for name, value in _fields(window).items():
            if isinstance(value, int) and not -1 <= value <= _LATEST_MS:
                raise ValueError(f"windows.{window.number}.{name} = {value}: allowed is 0 to {_LATEST_MS}")


def _check_table(run: StoredRun, table: Any) -> None:
    if table.num_rows != run.combinations:
        raise ValueError(f"combinations: {table.num_rows} rows are given, there must be {run.combinations}")
    missing = {f"{p}.{m}.{w}" for p in PARTS for m in METRICS for w in range(run.windows)} - set(table.column_names)
    if missing:
        raise ValueError(f"combinations: the column {min(missing)} is missing")
    for field in table.schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if not any(allowed(kind) for allowed in _KINDS if allowed in _NUMBERS or field.name.startswith(PARAM)):
            raise ValueError(f"combinations: the column {field.name[:80]!r} must not be of the type {field.type}")


def _model(record: type) -> type[BaseModel]:
    hints = get_type_hints(record)
    fields: dict[str, Any] = {
        field.name: (hints[field.name], ...) for field in dataclasses.fields(record) if field.name != "latest"
    }
    config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)
    return create_model(record.__name__, __config__=config, **fields)


_RUN: Final = _model(StoredRun)
_WINDOW: Final = _model(StoredWindow)


class _Open(BaseModel):
    """What readers rely on in ``detail``; more may stand beside it."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False, hide_input_in_errors=True)


class _Criterion(_Open):
    name: str
    figure: float | None
    points: float | None
    most: float | None


class _Line(_Open):
    criterion: str
    figure: float | None
    comparison: Literal[">=", "<="]
    limit: float | None
    passed: bool
    defined: bool


class _Grade(_Open):
    criteria: list[_Criterion]


class _Gate(_Open):
    lines: list[_Line]


class _Verdict(_Open):
    grade: _Grade
    gate: _Gate
    reason: str


class _Curve(_Open):
    days: list[int]
    daily: list[float | None]
    equity: list[float | None]


class _Detail(_Open):
    verdict: _Verdict
    curve: _Curve


def _checked(model: type[BaseModel], values: object, within: str = "run") -> dict[str, Any]:
    try:
        found = model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ValueError(f"{'.'.join([within, *(str(part) for part in first['loc'])])}: {first['msg']}") from error
    return {name: getattr(found, name) for name in type(found).model_fields}


def _fields(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("windows: must be a list")
    return value


def _line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
