"""``scalp-radar strategies``: what can be traded with, and the filters; the user's own included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from scripts.options import AsJson, ConfigFolder, config_folder, print_json

if TYPE_CHECKING:
    from core.settings import Settings
    from core.strategy import Parameters
    from strategies.discovery import AnyFilter, AnyStrategy


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("strategies")(strategies)


def strategies(config: ConfigFolder = None, as_json: AsJson = False) -> None:
    """Every strategy and every filter with its parameters: type, bounds, default, what it does."""
    # Here, since numpy and pydantic would slow every other command's start.
    from scripts.configuration import find_filters, find_strategies, read_settings

    folder = config_folder(config)
    settings = read_settings(folder)
    described = [
        describe(strategy, settings) for _, strategy in sorted(find_strategies(settings, folder).items())
    ] + [describe_filter(one, settings) for _, one in sorted(find_filters(settings, folder).items())]
    if as_json:
        print_json(described)
    else:
        _print(described)


def describe(strategy: AnyStrategy, settings: Settings) -> dict[str, Any]:
    """One strategy as plain values, fit for JSON."""
    entry = settings.strategies.strategies.get(strategy.name)
    return {
        "kind": "strategy",
        "name": strategy.name,
        "timeframe": (entry.timeframe if entry else None) or strategy.timeframe,
        "summary": (strategy.__doc__ or "").strip().partition("\n")[0],
        "needs": list(strategy.needs),
        "mirror": strategy.mirror or None,
        "enabled": bool(entry and entry.enabled),
        "symbols": list(entry.symbols) if entry else [],
        "confirm": entry.confirm.model_dump() if entry and entry.confirm else None,
        "parameters": _parameters(strategy.Params),
    }


def describe_filter(one: AnyFilter, settings: Settings) -> dict[str, Any]:
    """One filter as plain values, fit for JSON; ``confirms`` names the strategies that wait for it."""
    entries = settings.strategies.strategies.items()
    return {
        "kind": "filter",
        "name": one.name,
        "summary": (one.__doc__ or "").strip().partition("\n")[0],
        "needs": list(one.needs),
        "confirms": [name for name, e in entries if e.confirm and e.confirm.strategy == one.name],
        "parameters": _parameters(one.Params),
    }


def _parameters(model: type[Parameters]) -> list[dict[str, Any]]:
    return [_parameter(name, field) for name, field in model.model_json_schema().get("properties", {}).items()]


def _parameter(name: str, field: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "type": field.get("type") or "choice",
        "default": field.get("default"),
        "minimum": field.get("minimum", field.get("exclusiveMinimum")),
        "maximum": field.get("maximum", field.get("exclusiveMaximum")),
        "minimum_excluded": "exclusiveMinimum" in field,
        "maximum_excluded": "exclusiveMaximum" in field,
        "choices": field.get("enum"),
        "help": field.get("description", ""),
    }


def _print(described: list[dict[str, Any]]) -> None:
    # Here, since Rich's tables would slow every other command's start.
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for one in described:
        console.print(f"[bold]{one['name']}[/bold]  {_state(one)}  {one['summary']}")
        table = Table("parameter", "type", "default", "allowed", "what it does", box=None, pad_edge=True)
        for p in one["parameters"]:
            table.add_row(p["name"], p["type"], f"{p['default']}", _allowed(p), p["help"])
        console.print(table)


def _state(one: Mapping[str, Any]) -> str:
    """What it is and whether it runs."""
    if one["kind"] == "filter":
        return f"(filter, confirms {', '.join(one['confirms']) or 'nothing'})"
    behind = f", confirmed by {one['confirm']['strategy']}" if one["confirm"] else ""
    return f"{one['timeframe']}  ({'enabled' if one['enabled'] else 'not enabled'}{behind})"


def _allowed(parameter: Mapping[str, Any]) -> str:
    """Bounds as an interval, choices as a list."""
    if parameter["choices"]:
        return ", ".join(str(c) for c in parameter["choices"])
    low, high = parameter["minimum"], parameter["maximum"]
    if low is None and high is None:
        return "any"
    opening = "(" if parameter["minimum_excluded"] or low is None else "\\["
    closing = ")" if parameter["maximum_excluded"] or high is None else "]"
    return f"{opening}{'' if low is None else low}, {'' if high is None else high}{closing}"
