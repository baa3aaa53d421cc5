"""``scalp-radar results``: what optimisations found; listed, shown, compared, exported, sent to a server."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import ConfigurationError, DataError
from scripts.options import AsJson, print_json, when_text

if TYPE_CHECKING:
    from optimization.result_store import ResultStore
    from storage.research_records import Push, StoredRun, StoredWindow

_GRADES = "ABCDF"
_MOST_COMPARED = 500

ResultsFolder = Annotated[
    Path | None,
    typer.Option("--results", envvar="SCALP_RADAR_RESULTS", help="Where results are kept.", show_default="var/results"),
]
Named = Annotated[
    str, typer.Argument(metavar="RUN", help="The beginning of its fingerprint, or STRATEGY/SYMBOL for the latest.")
]


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(help="What optimisations found.", no_args_is_help=True)
    app.add_typer(group, name="results")
    group.command("list")(list_)
    group.command("show")(show)
    group.command("compare")(compare)
    group.command("export")(export)
    group.command("push")(push)


def list_(
    strategy: Annotated[str | None, typer.Option(help="Only of this strategy.")] = None,
    symbol: Annotated[str | None, typer.Option(help="Only of this asset, as BTC-USDT.")] = None,
    grade: Annotated[str | None, typer.Option(help="Only these grades, as A,B.")] = None,
    passed: Annotated[bool, typer.Option("--passed", help="Only those that passed the gate.")] = False,
    latest: Annotated[bool, typer.Option("--latest", help="Only the latest of each strategy and asset.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    results: ResultsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Runs, newest first."""
    # Here, since the database would slow every other command's start.
    from scripts.stored_results import listed, plain_run
    from storage.research_records import RunQuery

    query = RunQuery(
        strategy=strategy, symbol=symbol.upper() if symbol else None, grades=_grades(grade),
        gate_passed=True if passed else None, latest_only=latest, limit=limit,
    )
    with _opened(results) as store:
        page = store.runs(query)
    if as_json:
        print_json([plain_run(run) for run in page.items])
    elif page.items:
        _print_list([listed(run) for run in page.items])
        if page.cursor is not None:
            typer.echo(f"there are more than {limit}: --limit shows them")
    else:
        typer.echo("nothing is stored that fits; `scalp-radar optimize STRATEGY` brings results")


def show(name: Named, results: ResultsFolder = None, as_json: AsJson = False) -> None:
    """One run: verdict, criteria, gate, windows, parameters to deploy."""
    # Here, as above.
    import dataclasses

    from scripts.stored_results import meant, plain_run

    with _opened(results) as store:
        run = meant(store, name)
        windows = store.windows(run.fingerprint)
    if as_json:
        print_json({"run": plain_run(run, detail=True), "windows": [dataclasses.asdict(w) for w in windows]})
    else:
        _print_run(run, windows)


def compare(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]...", help="As for show; none: the latest of everything.")
    ] = None,
    results: ResultsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Runs side by side; without names the latest of every strategy and asset, the best score first."""
    # Here, as above.
    from scripts.stored_results import compared, listed, meant, plain_run
    from storage.research_records import RunQuery

    with _opened(results) as store:
        runs = [meant(store, name) for name in names or []]
        if not names:
            found = store.runs(RunQuery(latest_only=True, limit=_MOST_COMPARED)).items
            runs = sorted(found, key=lambda run: (-run.score, run.strategy, run.symbol))
    if not runs:
        raise DataError("nothing is stored to compare; `scalp-radar optimize STRATEGY` brings results")
    if as_json:
        print_json([plain_run(run) for run in runs])
    elif names:
        _print_compared(compared(runs))
    else:
        _print_list([listed(run) for run in runs])


def export(
    name: Named,
    file: Annotated[Path, typer.Argument(help="Its ending says the format: .csv, .parquet, .arrow, .json.")],
    results: ResultsFolder = None,
) -> None:
    """A run as a file: every combination in every window (csv, parquet, arrow), or everything else (json)."""
    # Here, as above.
    from scripts.stored_results import export as written
    from scripts.stored_results import meant

    with _opened(results) as store:
        run = meant(store, name)
        size_bytes = written(store, run, file)
    typer.echo(f"{file}: {run.strategy} on {run.symbol}, {size_bytes:,} bytes")


def push(
    to: Annotated[str, typer.Option("--to", help="The server's address, as https://server.example:8000.")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]...", help="As for show; none: whatever is not there yet.")
    ] = None,
    key_env: Annotated[
        str, typer.Option("--key-env", help="The environment variable that holds the server's key.")
    ] = "SCALP_RADAR_API_KEY",
    results: ResultsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Send runs to a server. What does not get through waits and is sent with the next push; exit code 1 then."""
    # Here, as above.
    from scripts.pushing import push as sent
    from scripts.pushing import server, unsent
    from scripts.stored_results import meant

    target = server(to, key_env, os.environ.get)
    done: list[Push] = []
    with _opened(results) as store:
        runs = [meant(store, name).fingerprint for name in names] if names else list(unsent(store, target.url))
        for push_ in sent(store, target, runs):
            done.append(push_)
            if not as_json:
                typer.echo(f"{push_.fingerprint[:10]} {push_.state}: {push_.detail}")
    if as_json:
        print_json([push_._asdict() for push_ in done])
    elif not done:
        typer.echo("nothing to send: everything is there")
    if any(push_.state != "delivered" for push_ in done):
        raise typer.Exit(1)


@contextmanager
def _opened(folder: Path | None) -> Iterator[ResultStore]:
    # Here, since the database would slow every other command's start.
    from optimization.result_store import ResultStore
    from scripts.running import results_root

    root = folder or results_root()
    if folder is not None and not folder.is_dir():
        raise ConfigurationError("command line", "--results", str(folder), "no such folder")
    store = ResultStore(root)
    try:
        yield store
    finally:
        store.close()


def _grades(text: str | None) -> tuple[str, ...]:
    grades = tuple(part.strip().upper() for part in text.split(",")) if text else ()
    for grade in grades:
        if len(grade) != 1 or grade not in _GRADES:
            raise ConfigurationError("command line", "--grade", text, f"must be of {', '.join(_GRADES)}")
    return grades


def _print_list(rows: Sequence[dict[str, str]]) -> None:
    # Here, since Rich's tables would slow every other command's start.
    from scripts.report.tables import console_of, fitting

    console = console_of()
    expendable = ("origin", "trades", "overfit", "drawdown", "windows won", "return", "finished (UTC)")
    console.print(fitting(console, "runs", rows, expendable, left=6), highlight=False)


def _print_compared(rows: Sequence[tuple[str, list[str]]]) -> None:
    # Here, as above.
    from scripts.report.tables import console_of, plain_table

    table = plain_table("side by side", ("", *(str(i + 1) for i in range(len(rows[0][1])))))
    for name, values in rows:
        table.add_row(name, *values)
    console_of().print(table, highlight=False)


def _print_run(run: StoredRun, windows: Sequence[StoredWindow]) -> None:
    # Here, as above; the meanings of the criteria come with the engine's records.
    from scripts.report.tables import console_of, plain_table
    from scripts.report.verdict import MEANINGS
    from scripts.stored_results import chosen_text, compared, names_text, number, params_text, percent, searched

    console = console_of()
    about = plain_table(f"{run.strategy} on {run.symbol}", ("", "run"))
    for name, values in compared([run])[3:]:
        about.add_row(name, *values)
    about.add_row("stored", f"{when_text(run.ts_ms)} from {run.origin or 'here'}{', latest' if run.latest else ''}")
    console.print(about, highlight=False)
    verdict = run.detail.get("verdict", {})
    if verdict.get("reason"):
        console.print(verdict["reason"], highlight=False)
    grade = plain_table("grade", ("criterion", "figure", "points", "of"))
    for line in verdict.get("grade", {}).get("criteria", ()):
        known = MEANINGS.get(line["name"])
        grade.add_row(
            line["name"], (known.write if known else number)(line["figure"]), number(line["points"], 1),
            number(line["most"], 0),
        )
    console.print(grade, highlight=False)
    gate = plain_table("gate", ("criterion", "figure", "limit", ""))
    for line in verdict.get("gate", {}).get("lines", ()):
        known = MEANINGS.get(line["criterion"])
        write = known.write if known else number
        limit = f"{line['comparison']} {write(line['limit'])}"
        gate.add_row(line["criterion"], write(line["figure"]), limit, "kept" if line["passed"] else "not kept")
    console.print(gate, highlight=False)
    names = ("judged (UTC)", "chosen", "Sharpe in sample", "Sharpe", "return", "trades")
    table = plain_table(f"windows; chosen: {names_text(run)}", names, left=2)
    for window in windows:
        days = f"{when_text(window.out_from_ms)[:10]} to {when_text(window.out_to_ms)[:10]}"
        table.add_row(
            days, chosen_text(run, window.params), number(window.in_sharpe), number(window.out_sharpe),
            percent(window.out_return), f"{window.out_trades:,}",
        )
    console.print(table, highlight=False)
    console.print(f"to deploy: {params_text(searched(run))}", highlight=False)
