"""Stored runs for the terminal and for scripts: which is meant, tables, plain values, files."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from core.errors import ConfigurationError, DataError
from optimization.result_store import ResultStore
from scripts.options import when_text
from storage.research_records import RunQuery, StoredRun

FORMATS: Final = (".csv", ".parquet", ".arrow", ".json")

_FIGURES: Final[tuple[tuple[str, Callable[[StoredRun], str]], ...]] = (
    ("run", lambda run: run.fingerprint[:10]),
    ("strategy", lambda run: run.strategy),
    ("symbol", lambda run: run.symbol),
    ("from", lambda run: when_text(run.from_ms)[:10]),
    ("to", lambda run: when_text(run.to_ms)[:10]),
    ("grade", lambda run: f"{run.grade} ({run.score:.1f})"),
    ("gate", lambda run: "open" if run.gate_passed else "shut"),
    ("Sharpe", lambda run: number(run.sharpe)),
    ("Sharpe in sample", lambda run: number(run.in_sample_sharpe)),
    ("return", lambda run: percent(run.total_return)),
    ("drawdown", lambda run: percent(run.max_drawdown, sign=False)),
    ("trades", lambda run: f"{run.trades:,}"),
    ("windows won", lambda run: percent(run.consistency, sign=False)),
    ("no luck (deflated Sharpe)", lambda run: percent(run.deflated_sharpe, sign=False)),
    ("overfit", lambda run: percent(run.pbo, sign=False)),
    ("p", lambda run: number(run.p_value, 3)),
    ("instability", lambda run: number(run.instability)),
    ("combinations", lambda run: f"{run.combinations:,}"),
    ("trials ever", lambda run: f"{run.trials:,}"),
)
"""What runs are compared by: a figure's name and its text."""


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
    names = sorted({name for run in runs for name in searched(run)})
    return [
        *((name, [text(run) for run in runs]) for name, text in _FIGURES),
        *((name, [value_text(searched(run).get(name, "-")) for run in runs]) for name in names),
    ]


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
