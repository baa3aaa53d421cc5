"""``scalp-radar sandbox``: the local exchange alone, for clients of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.options import ConfigFolder, config_folder, parse_symbols, parse_when
from scripts.yamlfile import read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.instrument import Instrument
    from core.settings import Settings
    from sandbox.faults.rules import FaultRule
    from sandbox.source import CandleSource


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sandbox")(sandbox)


def sandbox(
    port: Annotated[int, typer.Option(help="Port on loopback; 0 takes a free one.")] = 0,
    data: Annotated[str | None, typer.Option(help="Candles: a store or a folder of dumps; else synthetic.")] = None,
    exchange: Annotated[str | None, typer.Option(help="Which of DATA's exchanges, where there are several.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="When the market opens, as 2025-03-01 (UTC).")] = None,
    timeframe: Annotated[str, typer.Option(help="Stored candles that minutes are walked out of.")] = "1h",
    history_days: Annotated[int, typer.Option(min=1, max=3650, help="History served before the market opens.")] = 30,
    speed: Annotated[float, typer.Option(help="Simulated seconds per second.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Of the synthetic market, and of faults.")] = 1,
    symbols: Annotated[str | None, typer.Option(help="As BTC-USDT,ETH-USDT; else all that are configured.")] = None,
    depth: Annotated[float, typer.Option(help="USDT in the book's nearest level, to fill in parts; 0: wholly.")] = 0.0,
    lockstep: Annotated[bool, typer.Option(help="Time moves by POST /admin/advance only.")] = False,
    balance: Annotated[float, typer.Option(help="First deposit of the account in USDT.")] = 10_000.0,
    account: Annotated[str, typer.Option(help="classic, unified or both: the protocols of its accounts.")] = "classic",
    paused: Annotated[bool, typer.Option(help="Time stands until POST /admin/resume.")] = False,
    faults: Annotated[
        str | None, typer.Option(help="What goes wrong: kind:probability[:argument],... or a YAML file.")
    ] = None,
    limits: Annotated[str, typer.Option(help="Of requests: `bitget`, a factor of that, or `off`.")] = "off",
    state: Annotated[Path | None, typer.Option(help="File in which everything is kept; gone on with if there.")] = None,
    child: Annotated[bool, typer.Option(help="End when standard input ends: for whoever starts this.")] = False,
    config: ConfigFolder = None,
) -> None:
    """Run the local exchange until Ctrl-C; its first line of output is JSON with the port and the admin key."""
    # Here, since aiohttp, numpy and numba would slow every other command's start.
    from core.errors import ConfigurationError
    from sandbox.config import AccountConfig, SandboxConfig
    from sandbox.limits import factor_of
    from sandbox.process import serve
    from scripts.configuration import read_settings

    settings = read_settings(config_folder(config))
    if not balance > 0:
        raise ConfigurationError("command line", "--balance", balance, "must be above 0")
    classic, unified = AccountConfig(balance=balance), AccountConfig.unified(balance)
    accounts = {"classic": (classic,), "unified": (unified,), "both": (classic, unified)}
    if account not in accounts:
        raise ConfigurationError("command line", "--account", account, f"must be one of {', '.join(accounts)}")
    chosen = parse_symbols(symbols, settings.assets.symbols) if symbols else settings.assets.symbols
    start_ms = parse_when(from_, "--from") if from_ else None
    instruments = configured_rules(settings, start_ms)
    served = SandboxConfig(
        port=port,
        speed=speed,
        depth=depth,
        lockstep=lockstep,
        paused=paused,
        slippage=settings.exchanges.costs.slippage,
        accounts=accounts[account],
        instruments=instruments,
        limits=factor_of(limits),
        faults=_faults(faults, seed) if faults is not None else (),
        state_file=state,
    )
    serve(served, _market(data, exchange, start_ms, timeframe, history_days, seed, chosen, instruments), child=child)


def _market(
    data: str | None,
    exchange: str | None,
    start_ms: int | None,
    timeframe: str,
    history_days: int,
    seed: int,
    symbols: tuple[str, ...],
    instruments: Mapping[str, Instrument],
) -> CandleSource:
    """The market that the options describe."""
    # Here, since pyarrow and numpy would slow every other command's start.
    from core.errors import ConfigurationError
    from market.source import open_source
    from scripts.local_market import SYNTHETIC_START_MS, Span, stored_market, synthetic_market

    if data is None:
        span = Span(SYNTHETIC_START_MS if start_ms is None else start_ms, history_days)
        return synthetic_market(symbols, seed, span, instruments)
    if start_ms is None:
        raise ConfigurationError("command line", "--from", None, "stored candles need a day on which the market opens")
    return stored_market(open_source(data, exchange), symbols, Span(start_ms, history_days), timeframe)


def _faults(given: str, seed: int) -> tuple[FaultRule, ...]:
    """Rules from a YAML file, else from short text."""
    # Here, since the local exchange would slow every other command's start.
    from sandbox.faults.rules import rules_in, rules_of

    if given.endswith((".yaml", ".yml")):
        return rules_of(read_yaml(Path(given)))
    return rules_in(given, seed)


def configured_rules(settings: Settings, start_ms: int | None) -> dict[str, Instrument]:
    """The configured rules, those of the local exchange where none are, with the tiers of the market's opening."""
    # Here, since the local exchange's core would slow every other command's start.
    from core.instrument import Instrument
    from sandbox.config import default_instruments
    from scripts.local_market import SYNTHETIC_START_MS

    usual = default_instruments()
    found = {}
    for asset in settings.assets.assets:
        rules = asset.instrument or usual.get(asset.symbol) or Instrument(symbol=asset.symbol)
        tiers = settings.tiers.at(asset.symbol, SYNTHETIC_START_MS if start_ms is None else start_ms)
        found[asset.symbol] = rules.model_copy(update={"tiers": tiers}) if tiers else rules
    return found
