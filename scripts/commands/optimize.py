"""``scalp-radar optimize``: parameters chosen on the past, judged on the days after, with a verdict on the result."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from core.errors import ConfigurationError
from scripts.options import (
    AsJson,
    ConfigFolder,
    ResultsFolder,
    StoreRoot,
    config_folder,
    parse_symbols,
    parse_when,
    print_json,
    store_root,
)

if TYPE_CHECKING:
    from market.port import CandleSource
    from optimization.walkforward.job import Job
    from scripts.optimizing import Finished
    from strategies.discovery import AnyStrategy

CANCELLED: Final = 130
NOT_APPLIED: Final = 1


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("optimize")(optimize)


def optimize(
    strategies: Annotated[
        list[str] | None, typer.Argument(help="Names of strategies; `scalp-radar strategies` lists them.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every symbol configured; without names, every strategy with a grid.")
    ] = False,
    symbol: Annotated[list[str] | None, typer.Option("--symbol", help="Symbols; repeatable, or with commas.")] = None,
    from_: Annotated[str, typer.Option("--from", help="First day, such as 2021-01-01 (UTC).")] = "",
    to: Annotated[str, typer.Option("--to", help="Day after the last one (UTC).")] = "",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="PARAMETER=VALUE fixes one, P=V,V,V tries these; repeatable.")
    ] = None,
    detail: Annotated[str, typer.Option("--detail", help="Walk fills on finer candles, such as 1m.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be computed, and how long.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Write what is to be deployed into strategies.yaml.")] = False,
    force: Annotated[bool, typer.Option("--force", help="With --apply: although the gate is shut.")] = False,
    ray: Annotated[
        bool | None, typer.Option("--ray/--no-ray", help="Ray at once, or never; else when it turns out to be long.")
    ] = None,
    address: Annotated[str, typer.Option("--address", help="A running Ray cluster, as HOST:6379.")] = "",
    workers: Annotated[int, typer.Option("--workers", min=0, help="Most workers; 0 for one a core.")] = 0,
    html: Annotated[Path | None, typer.Option("--html", help="Write a report into this file.")] = None,
    results: ResultsFolder = None,
    data: Annotated[str, typer.Option("--data", help="Folder of candles instead of the store.")] = "",
    store: StoreRoot = "",
    config: ConfigFolder = None,
    as_json: AsJson = False,
) -> None:
    """Choose parameters in each window, judge them on the days after it, say how likely the result is luck."""
    # Here, since the engine loads compiled code, which other commands need not wait for.
    from market.port import BEGINNING_MS, END_MS
    from market.source import open_source
    from optimization.memory import keep_freed_memory
    from scripts.configuration import find_strategies, load_settings
    from scripts.optimizing import Request, jobs

    names = tuple(dict.fromkeys(strategies or ()))
    _check_options(names, every, symbol or [], dry_run, apply, force, ray, address, html)
    folder = config_folder(config)
    settings = load_settings(folder)
    known = find_strategies(settings, folder)
    configured = settings.strategies.strategies
    request = Request(
        strategies=names or tuple(name for name in known if name in configured and configured[name].grid),
        symbols=parse_symbols(",".join(symbol), settings.assets.symbols, "--symbol") if symbol else (),
        from_ms=parse_when(from_, "--from") if from_ else BEGINNING_MS,
        to_ms=parse_when(to, "--to") if to else END_MS,
        given=_given(set_ or []),
        detail=detail,
    )
    keep_freed_memory()
    wanted = jobs(settings, known, request)
    source = open_source(data or store or store_root())
    if dry_run:
        _estimate(known, source, wanted, workers, as_json)
        return
    finished = _run(known, source, wanted, results, ray, address, workers)
    if html is not None:
        from scripts.report.verdict_page import write_verdicts

        write_verdicts(html, finished.outcomes, finished.not_run)
    if as_json:
        from scripts.report.verdict_plain import finished_as_plain

        print_json(finished_as_plain(finished))
    else:
        from scripts.report.verdict_table import print_verdicts

        print_verdicts(finished.outcomes, finished.not_run)
    if apply and not _applied(folder, finished, force):
        raise typer.Exit(NOT_APPLIED)


def _run(
    known: Mapping[str, AnyStrategy], source: CandleSource, wanted: Sequence[Job], results: Path | None,
    ray: bool | None, address: str, workers: int,
) -> Finished:
    """Every job's outcome, with bars on a terminal; Ctrl-C ends them within two seconds."""
    from optimization.walkforward.port import Cancelled
    from scripts.keeping import Keeping
    from scripts.optimizing import Optimizing
    from scripts.report.bars import bars
    from scripts.running import results_root
    from scripts.workers import here_at_first, in_this_process, on_ray, unfinished

    keeping = Keeping(results or results_root())
    begun: list[Optimizing] = []
    try:
        if ray or address:
            evaluating = on_ray(address, workers)
        else:
            evaluating = here_at_first(workers) if ray is None else in_this_process()
        with keeping, evaluating as executors, bars(wanted) as progress:
            optimizing = Optimizing(known, source, executors, keeping, keeping, workers, progress.say)
            begun.append(optimizing)
            return optimizing.run(wanted, progress.of, progress.ended)
    except (KeyboardInterrupt, Cancelled):
        typer.echo(
            f"scalp-radar: cancelled; {keeping.stored} of {len(wanted)} runs are stored, what is finished of the "
            "others is kept: the same command goes on from there",
            err=True,
        )
        if unfinished() or any(optimizing.unfinished for optimizing in begun):
            os._exit(CANCELLED)  # threads cannot be ended otherwise; Ray's processes end with this one
        raise typer.Exit(CANCELLED) from None


def _estimate(
    known: Mapping[str, AnyStrategy], source: CandleSource, wanted: Sequence[Job], workers: int, as_json: bool
) -> None:
    """Say what would be computed."""
    from scripts.optimizing import estimates

    found, not_run = estimates(known, source, wanted)
    cores = workers or os.cpu_count() or 1
    if as_json:
        from scripts.report.verdict_plain import estimates_as_plain

        print_json(estimates_as_plain(found, cores, not_run))
    else:
        from scripts.report.verdict_table import print_estimates

        print_estimates(found, cores, not_run)


def _applied(folder: Path, finished: Finished, force: bool) -> bool:
    """Write what passed the gate into the configuration, with a diff; whether all of it could be."""
    from scripts.apply import Deployment, rewrite, write

    deployments, said = [], []
    for outcome in finished.outcomes:
        job, verdict = outcome.job, outcome.verdict
        which = f"{job.strategy} on {job.symbol}"
        if not outcome.deployed:
            said.append(f"{which}: there is nothing to deploy")
        elif not verdict.gate.passed and not force:
            failed = next(line for line in verdict.gate.lines if not line.passed)
            said.append(f"{which}: the gate is shut ({failed.criterion}); --force applies it all the same")
        else:
            chosen = {name: outcome.deployed[name] for name in outcome.grid.names}
            deployments.append(Deployment(job.strategy, job.symbol, chosen))
    change = rewrite(folder, deployments)
    if change.diff:
        write(change)
        typer.echo(change.diff, err=True, nl=False)
    typer.echo(_told(change.path, len(deployments), changed=bool(change.diff)), err=True)
    for line in said:
        typer.echo(f"not applied: {line}", err=True)
    return not said


def _told(path: Path, deployments: int, *, changed: bool) -> str:
    if changed:
        return f"applied to {path}: {deployments} of strategy and asset"
    return f"{path}: nothing changed" + (", it says so already" if deployments else "")


def _check_options(
    names: Sequence[str], every: bool, symbols: Sequence[str], dry_run: bool, apply: bool, force: bool,
    ray: bool | None, address: str, html: Path | None,
) -> None:
    """Raise ConfigurationError for options that contradict one another."""
    if not names and not every:
        raise ConfigurationError("command line", "strategies", "", "allowed are names, or else --all")
    if every and symbols:
        raise ConfigurationError("command line", "--symbol", ",".join(symbols), "not allowed with --all")
    for option, wrong, allowed in (
        ("--force", force and not apply, "with --apply only"),
        ("--apply", apply and dry_run, "not with --dry-run"),
        ("--html", html is not None and dry_run, "not with --dry-run"),
        ("--address", bool(address) and ray is False, "not with --no-ray"),
    ):
        if wrong:
            raise ConfigurationError("command line", option, address if option == "--address" else "", allowed)
    if html is not None:
        from scripts.report.frame import check_writable  # here, since templates load a library

        check_writable(html)


def _given(texts: Sequence[str]) -> dict[str, Sequence[Any]]:
    """Values by parameter, as YAML reads them. Raises ConfigurationError."""
    import yaml

    given: dict[str, Sequence[Any]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        name = name.strip()
        if not (name and equals) or name in given:
            allowed = "stands twice" if name in given else "must be as ma_period=5 or ma_period=5,7"
            raise ConfigurationError("command line", "--set", text, allowed)
        try:
            given[name] = [yaml.safe_load(value) for value in values.split(",") if value.strip()]
        except yaml.YAMLError as error:
            raise ConfigurationError("command line", "--set", text, "holds no value that can be read") from error
    return given
