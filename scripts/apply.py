"""Parameters that an optimisation chose, written into ``config/strategies.yaml``.

Laws: nothing but ``per_asset`` of the strategies named changes, comments and layout included; what is written is a
configuration that loads; a file that changed since it was read is left alone; the file is replaced whole or not at all.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from core.errors import ConfigurationError
from scripts.configuration import load_settings
from scripts.files import write_whole
from scripts.yamledit import with_value
from scripts.yamlfile import parse_yaml

FILE: Final = "strategies.yaml"


@dataclass(frozen=True, slots=True)
class Deployment:
    """Parameters of a strategy on one asset."""

    strategy: str
    symbol: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A file as it was read, and as it is to be."""

    path: Path
    before: str
    after: str

    @property
    def diff(self) -> str:
        """Unified, '' when nothing changes."""
        name = f"{self.path.parent.name}/{self.path.name}"
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True), self.after.splitlines(keepends=True), name, f"{name} (applied)"
        )
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def rewrite(folder: Path, deployments: Sequence[Deployment]) -> Rewrite:
    """The configuration's strategies with each deployment under ``per_asset``; nothing is written.

    Other parameters that stand there for the asset stay. Raises ConfigurationError when a strategy has no entry, when
    the layout does not allow the change (the line says what to write), and when the result would not load.
    """
    path = folder / FILE
    before = _read(path)
    after = before
    for deployment in deployments:
        after = _with_deployment(path, after, deployment)
    if after != before:
        load_settings(folder, instead={FILE: after})
    return Rewrite(path, before, after)


def write(change: Rewrite) -> None:
    """Replace the file. Raises ConfigurationError when it is not as it was read, or cannot be written."""
    if _read(change.path) != change.before:
        raise ConfigurationError(
            str(change.path), "file", change.path.name, "changed meanwhile, and is left alone; apply again"
        )
    try:
        write_whole(change.path, change.after)
    except OSError as error:
        said = f"cannot be written: {error.strerror or error}"
        raise ConfigurationError(str(change.path), "file", change.path.name, said) from error


def _with_deployment(path: Path, text: str, deployment: Deployment) -> str:
    name, symbol = deployment.strategy, deployment.symbol
    tree = parse_yaml(text, path)
    entry = tree.get("strategies", {}).get(name)
    if entry is None:
        raise ConfigurationError(str(path), f"strategies.{name}", None, "has no entry to write parameters into")
    there = (entry.get("per_asset") or {}).get(symbol)
    key = ("strategies", name, "per_asset", symbol)
    new = {k: v for k, v in deployment.params.items() if not there or k not in there or there[k] != v}
    if not new:
        return text
    wanted = _set(tree, key, {**(there or {}), **new})
    try:
        after = text
        for where, value in ([((*key, k), v) for k, v in new.items()] if there else [(key, new)]):
            after = with_value(after, where, value)
        kept = parse_yaml(after, path) == wanted
    except (KeyError, ConfigurationError, yaml.YAMLError):
        kept = False
    if not kept:
        values = ", ".join(f"{k}: {v}" for k, v in new.items())
        raise ConfigurationError(
            str(path), ".".join(key), there, f"cannot be changed with its layout kept; write {{{values}}} there by hand"
        )
    return after


def _set(tree: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    """A copy of the tree with the value at the path; mappings on the way are shared with nothing else."""
    key, *rest = path
    return {**tree, key: _set(tree.get(key) or {}, rest, value) if rest else value}


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:  # as it is: line ends are not ours to change
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(str(path), "file", path.name, f"cannot be read: {error}".splitlines()[0]) from error
