"""Stored runs for the terminal and for scripts: which is meant, tables, plain values, files."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from core.errors import ConfigurationError, DataError
from optimization.result_store import ResultStore
from scripts.options import when_text
from storage.research_records import RunQuery, StoredRun

FORMATS: Final = (".csv", ".parquet", ".arrow", ".json")


def meant(store: ResultStore, name: str) -> StoredRun:
    """The run of a fingerprint's beginning, or the latest of ``STRATEGY/SYMBOL``. Raises DataError."""
    strategy, slash, symbol = name.partition("/")
    if not slash:
        return store.run(name)
    found = store.runs(RunQuery(strategy=strategy, symbol=symbol.upper(), latest_only=True)).items
    if not found:
        raise DataError(f"run {name!r}: none of {strategy} on {symbol.upper()} is stored here")
    return found[0]


def plain_run(run: StoredRun, *, detail: bool = False) -> dict[str, Any]:
    """A run in JSON's words."""
    values = {field.name: getattr(run, field.name) for field in dataclasses.fields(run)}
    if not detail:
        del values["detail"]
    return values


def listed(run: StoredRun) -> dict[str, str]:
    """A row of the list."""
    return {
        "run": run.fingerprint[:10], "finished (UTC)": when_text(run.ts_ms), "strategy": run.strategy,
        "symbol": run.symbol, "grade": run.grade, "gate": "open" if run.gate_passed else "shut",
        "Sharpe": number(run.sharpe), "return": percent(run.total_return),
        "drawdown": percent(run.max_drawdown, sign=False), "trades": f"{run.trades:,}",
        "windows won": percent(run.consistency, sign=False), "no luck": percent(run.deflated_sharpe, sign=False),
        "overfit": percent(run.pbo, sign=False), "origin": run.origin, "": "latest" if run.latest else "",
    }


def compared(runs: Sequence[StoredRun]) -> list[tuple[str, list[str]]]:
    """One line a figure, one column a run."""
    rows: dict[str, list[str]] = {
        "run": [run.fingerprint[:10] for run in runs],
        "strategy": [run.strategy for run in runs],
        "symbol": [run.symbol for run in runs],
        "from": [when_text(run.from_ms)[:10] for run in runs],
        "to": [when_text(run.to_ms)[:10] for run in runs],
        "grade": [f"{run.grade} ({run.score:.1f})" for run in runs],
        "gate": ["open" if run.gate_passed else "shut" for run in runs],
        "Sharpe": [number(run.sharpe) for run in runs],
        "Sharpe in sample": [number(run.in_sample_sharpe) for run in runs],
        "return": [percent(run.total_return) for run in runs],
        "drawdown": [percent(run.max_drawdown, sign=False) for run in runs],
        "trades": [f"{run.trades:,}" for run in runs],
        "windows won": [percent(run.consistency, sign=False) for run in runs],
        "no luck (deflated Sharpe)": [percent(run.deflated_sharpe, sign=False) for run in runs],
        "overfit": [percent(run.pbo, sign=False) for run in runs],
        "p": [number(run.p_value, 3) for run in runs],
        "instability": [number(run.instability) for run in runs],
        "combinations": [f"{run.combinations:,}" for run in runs],
        "trials ever": [f"{run.trials:,}" for run in runs],
    }
    for name in sorted({name for run in runs for name in searched(run)}):
        rows[name] = [value_text(searched(run).get(name, "-")) for run in runs]
    return list(rows.items())


def searched(run: StoredRun, params: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """Of ``params``, else of the parameters to deploy, those that were searched."""
    of = run.params if params is None else params
    names = run.detail.get("job", {}).get("grid", {}).get("names", of)
    return {name: of[name] for name in names if name in of}


def names_text(run: StoredRun) -> str:
    """Names of the parameters that were searched, in the order of `chosen_text`."""
    return " ".join(run.detail.get("job", {}).get("grid", {}).get("names", run.params))


def chosen_text(run: StoredRun, params: Mapping[str, Any]) -> str:
    """The values of what was chosen in a window, ``nothing`` where nothing was."""
    return " ".join(value_text(value) for value in searched(run, params).values()) or "nothing"


def params_text(params: Mapping[str, Any]) -> str:
    """Parameters in a line, ``nothing`` where none were chosen."""
    return ", ".join(f"{name} {value_text(value)}" for name, value in params.items()) or "nothing"


def export(store: ResultStore, run: StoredRun, path: Path) -> int:
    """Write a run to a file, in the format of its name's ending; bytes written.

    CSV, Parquet and Arrow have a row a combination, JSON everything else. Raises ConfigurationError for another ending
    or a place that cannot be written to, DataError when the combinations are not here.
    """
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise ConfigurationError("command line", "FILE", str(path), f"must end in {', '.join(FORMATS)}")
    if ending == ".json":
        windows = [dataclasses.asdict(window) for window in store.windows(run.fingerprint)]
        content = json.dumps({"run": plain_run(run, detail=True), "windows": windows}, indent=2, allow_nan=False)
        return _written(path, content.encode())
    return _written(path, _table_bytes(store.combinations(run.fingerprint).table(), ending))


def _table_bytes(table: Any, ending: str) -> Any:
    # Here, since pyarrow's formats would slow the commands that need none of them.
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    sink = pa.BufferOutputStream()
    if ending == ".csv":
        pa.csv.write_csv(table, sink)
    elif ending == ".parquet":
        pa.parquet.write_table(table, sink, compression="zstd")
    else:
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    return sink.getvalue()


def _written(path: Path, content: Any) -> int:
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ConfigurationError("command line", "FILE", str(path), f"cannot be written ({error.strerror})") from error
    return len(content)


def number(value: float | None, digits: int = 2) -> str:
    """A figure, ``-`` when it is undefined."""
    return "-" if value is None else f"{value:,.{digits}f}"


def percent(value: float | None, *, sign: bool = True) -> str:
    """A fraction as per cent, ``-`` when it is undefined."""
    if value is None:
        return "-"
    return f"{value:+,.1%}" if sign else f"{value:.1%}"


def value_text(value: Any) -> str:
    """A parameter's value, short."""
    return f"{value:g}" if isinstance(value, float) else str(value)
