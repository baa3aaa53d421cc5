"""The configuration folder as one `Settings`, checked as a whole before anything starts.

Every error is a ConfigurationError: file, dotted key, value, what is allowed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from core.errors import ConfigurationError
from core.settings import Assets, Exchanges, Misfit, Optimization, Risk, Settings, Strategies
from core.tiers import TierTables
from scripts.strategy_checks import check_strategies
from scripts.validation import shortened, suggestion, validated
from scripts.yamlfile import parse_yaml, read_yaml
from strategies.configured import configured
from strategies.discovery import AnyFilter, AnyStrategy, discover, discover_filters

Discover = Callable[[Sequence[Path]], Mapping[str, AnyStrategy]]

FILES: Final[Mapping[str, type[BaseModel]]] = {
    "assets": Assets,
    "strategies": Strategies,
    "risk": Risk,
    "exchanges": Exchanges,
    "optimization": Optimization,
    "tiers": TierTables,
}
OPTIONAL: Final = frozenset({"tiers"})
"""Files that need not be there."""
STRATEGIES_VARIABLE: Final = "SCALP_RADAR_STRATEGIES"


def load_settings(
    folder: Path, discovering: Discover = discover, instead: Mapping[str, str] = MappingProxyType({})
) -> Settings:
    """Everything configured in ``folder``, proven consistent, strategies' parameters included.

    ``instead`` : texts by file name that count for what the files hold. Raises ConfigurationError.
    """
    settings = read_settings(folder, instead)
    folders = strategy_folders(settings, folder)
    check_strategies(settings, discovering(folders), discover_filters(folders), str(folder / "strategies.yaml"))
    return settings


def read_settings(folder: Path, instead: Mapping[str, str] = MappingProxyType({})) -> Settings:
    """The files alone, without looking at the strategies' own parameters. Raises ConfigurationError."""
    if not folder.is_dir():
        raise ConfigurationError("--config", "folder", str(folder), "no such folder")
    _refuse_strangers(folder)
    parts: dict[str, Any] = {}
    for name, model in FILES.items():
        path = folder / f"{name}.yaml"
        if name in OPTIONAL and path.name not in instead and not path.exists():
            continue
        if not path.is_file():
            raise ConfigurationError(str(folder), "file", path.name, "missing")
        tree = parse_yaml(instead[path.name], path) if path.name in instead else read_yaml(path)
        parts[name] = validated(model, tree, str(path))
    if "tiers" in parts:
        parts["assets"] = parts["assets"].with_tiers(parts["tiers"], int(time.time() * 1000))
    try:
        return Settings(**parts)
    except ValidationError as error:
        raise _across(folder, error) from error


def strategy_folders(settings: Settings, folder: Path) -> list[Path]:
    """Folders of users' strategies: those configured, then those of SCALP_RADAR_STRATEGIES (separated by ``:``).

    Relative configured folders are beside the configuration folder. Raises ConfigurationError when one is missing.
    """
    configured = [(str(folder / "strategies.yaml"), folder.absolute().parent / name, name)
                  for name in settings.strategies.folders]
    given = [(STRATEGIES_VARIABLE, Path(name), name)
             for name in os.environ.get(STRATEGIES_VARIABLE, "").split(os.pathsep) if name]
    for where, path, name in (*configured, *given):
        if not path.is_dir():
            raise ConfigurationError(where, "folders", name, f"no such folder: {path}")
    return [path for _, path, _ in (*configured, *given)]


def find_strategies(settings: Settings, folder: Path, discovering: Discover = discover) -> Mapping[str, AnyStrategy]:
    """Every strategy by name, the house's and those of the users' folders; behind its filter where one is configured.

    Raises ConfigurationError for a filter that is not there.
    """
    folders = strategy_folders(settings, folder)
    return configured(discovering(folders), settings.strategies.strategies, discover_filters(folders))


def find_filters(settings: Settings, folder: Path) -> Mapping[str, AnyFilter]:
    """Every filter by name: the house's and those of the users' folders."""
    return discover_filters(strategy_folders(settings, folder))


def _refuse_strangers(folder: Path) -> None:
    """A file of a wrong name would be ignored in silence."""
    for path in sorted(folder.iterdir()):
        if path.suffix in (".yaml", ".yml") and path.name not in {f"{name}.yaml" for name in FILES}:
            allowed = f"unknown file; {suggestion(path.name, (f'{name}.yaml' for name in FILES))}"
            raise ConfigurationError(str(folder), "file", path.name, allowed)


def _across(folder: Path, error: ValidationError) -> ConfigurationError:
    """What does not fit across files: an entry of strategies.yaml or optimization.yaml against another file."""
    first = error.errors(include_url=False)[0]
    cause = first.get("ctx", {}).get("error")
    if not isinstance(cause, Misfit):
        return ConfigurationError(str(folder / "strategies.yaml"), "file", "strategies.yaml", first["msg"])
    key = cause.key.removeprefix("optimization.")
    file = "strategies.yaml" if key == cause.key else "optimization.yaml"
    return ConfigurationError(str(folder / file), key, shortened(cause.value), cause.allowed)
