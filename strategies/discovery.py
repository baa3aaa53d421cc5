"""Finding strategies: every `Strategy` defined in a file of a folder, with nothing registered anywhere."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from core.errors import ConfigurationError, InputError
from core.strategy import Strategy
from core.timeframe import timeframe_ms

AnyStrategy = Strategy[Any]

_HERE = Path(__file__).parent


def discover(folders: Iterable[Path | str] = ()) -> dict[str, AnyStrategy]:
    """Every strategy of this package and of ``folders``, by name, in the order of the files' names.

    Raises InputError, naming the file, when one cannot be loaded, misses an attribute or repeats a name.
    """
    found: dict[str, AnyStrategy] = {}
    where: dict[str, Path] = {}
    for path in _files(folders):
        for strategy in _strategies(_load(path), path):
            if strategy.name in found:
                raise InputError(f"{path}: strategy {strategy.name!r} exists already in {where[strategy.name]}")
            found[strategy.name], where[strategy.name] = strategy, path
    return found


def find(name: str, folders: Iterable[Path | str] = ()) -> AnyStrategy:
    """The strategy of this name. Raises InputError that lists the known ones."""
    known = discover(folders)
    if name not in known:
        raise InputError(f"strategy {name!r} is unknown; known are {', '.join(sorted(known))}")
    return known[name]


def _files(folders: Iterable[Path | str]) -> list[Path]:
    files = [p for p in sorted(_HERE.glob("*.py")) if p.stem not in ("__init__", "discovery")]
    for folder in map(Path, folders):
        if folder.is_file():
            files.append(folder)
            continue
        if not folder.is_dir():
            raise ConfigurationError("strategies.yaml", "folders", str(folder), "allowed is a folder that exists")
        files += [p for p in sorted(folder.glob("*.py")) if not p.stem.startswith("_")]
    return files


def _load(path: Path) -> ModuleType:
    """The module of a file; one of this package by its import name, so that pickles find it."""
    if path.parent == _HERE:
        return importlib.import_module(f"strategies.{path.stem}")
    digest = hashlib.blake2s(str(path.resolve()).encode() + path.read_bytes(), digest_size=8).hexdigest()
    name = f"user_strategy_{path.stem}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path}: is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever a user's file does wrong is the user's to see, in one line
        del sys.modules[name]
        raise InputError(f"{path}: cannot be loaded: {type(error).__name__}: {error}") from error
    return module


def _strategies(module: ModuleType, path: Path) -> list[AnyStrategy]:
    classes = [
        c
        for c in vars(module).values()
        if inspect.isclass(c) and issubclass(c, Strategy) and c.__module__ == module.__name__
        and not inspect.isabstract(c)
    ]
    return [_checked(c, path) for c in classes if not c.__name__.startswith("_")]


def _checked(cls: type[AnyStrategy], path: Path) -> AnyStrategy:
    for attribute in ("name", "timeframe"):
        if not isinstance(getattr(cls, attribute, None), str):
            raise InputError(f"{path}: class {cls.__name__} does not say its {attribute}")
    try:
        timeframe_ms(cls.timeframe)
        cls.Params()
    except ValueError as error:
        raise InputError(f"{path}: class {cls.__name__}: {str(error).splitlines()[0]}") from error
    return cls()
