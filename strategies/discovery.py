"""Finding strategies and filters: every one defined in a file of a folder, with nothing registered anywhere."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Iterable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, TypeVar

from pydantic import ValidationError

from core.errors import ConfigurationError, InputError
from core.strategy import Filter, Parameters, Strategy
from core.timeframe import timeframe_ms

AnyStrategy = Strategy[Any]
AnyFilter = Filter[Any]
Port = TypeVar("Port", bound=AnyStrategy | AnyFilter)

_HERE = Path(__file__).parent


def discover(folders: Iterable[Path | str] = ()) -> dict[str, AnyStrategy]:
    """Every strategy of this package and of ``folders``, by name, in the order of the files' names.

    A file that is named twice is looked at once. Raises InputError, naming the file, when one cannot be loaded, misses
    an attribute or repeats a name.
    """
    return _found(Strategy, "strategy", folders)  # type: ignore[type-abstract]  # its subclasses are made


def discover_filters(folders: Iterable[Path | str] = ()) -> dict[str, AnyFilter]:
    """Every filter of this package and of ``folders``, by name; as `discover`."""
    return _found(Filter, "filter", folders)  # type: ignore[type-abstract]  # as above


def find(name: str, folders: Iterable[Path | str] = ()) -> AnyStrategy:
    """The strategy of this name, from a file that spells it; the others are left unread.

    What a process does not run it need not load: all strategies together compile for half a second. A name that is
    put together by code is found all the same, by loading everything. Raises InputError that lists the known ones.
    """
    folders = tuple(folders)
    for path in _files(folders):
        if name in path.read_text(encoding="utf-8", errors="replace"):
            for strategy in _defined(Strategy, _load(path), path):  # type: ignore[type-abstract]  # as above
                if strategy.name == name:
                    return strategy
    known = discover(folders)
    if name not in known:
        raise InputError(f"strategy {name!r} is unknown; known are {', '.join(sorted(known))}")
    return known[name]


def _found(port: type[Port], word: str, folders: Iterable[Path | str]) -> dict[str, Port]:
    found: dict[str, Port] = {}
    where: dict[str, Path] = {}
    for path in _files(folders):
        for one in _defined(port, _load(path), path):
            if one.name in found:
                raise InputError(f"{path}: {word} {one.name!r} exists already in {where[one.name]}")
            found[one.name], where[one.name] = one, path
    return found


def _files(folders: Iterable[Path | str]) -> list[Path]:
    files = [p for p in sorted(_HERE.glob("*.py")) if p.stem not in ("__init__", "configured", "discovery")]
    for folder in map(Path, folders):
        if folder.is_file():
            files.append(folder)
            continue
        if not folder.is_dir():
            raise ConfigurationError("strategies.yaml", "folders", str(folder), "allowed is a folder that exists")
        files += [p for p in sorted(folder.glob("*.py")) if not p.stem.startswith("_")]
    once: dict[Path, Path] = {}
    for path in files:
        once.setdefault(path.resolve(), path)
    return list(once.values())


def _load(path: Path) -> ModuleType:
    """The module of a file; one of this package by its import name, so that pickles find it."""
    if path.parent == _HERE:
        return importlib.import_module(f"strategies.{path.stem}")
    digest = hashlib.blake2s(str(path.resolve()).encode() + path.read_bytes(), digest_size=8).hexdigest()
    name = f"user_strategy_{path.stem}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path, loader=_FromSource(name, str(path)))
    if path.suffix != ".py" or spec is None or spec.loader is None:
        raise InputError(f"{path}: is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever a user's file does wrong is the user's to see, in one line
        del sys.modules[name]
        raise InputError(f"{path}: cannot be loaded: {type(error).__name__}: {_line(error)}") from error
    return module


class _FromSource(SourceFileLoader):
    """Compiles a user's file whenever it is loaded: bytecode beside it is told apart by second and length alone."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def _defined(port: type[Port], module: ModuleType, path: Path) -> list[Port]:
    """One of each concrete class of ``port`` that the module defines itself."""
    classes = [
        c
        for c in dict.fromkeys(v for v in vars(module).values() if inspect.isclass(v))
        if issubclass(c, port) and c.__module__ == module.__name__
        and not inspect.isabstract(c)
    ]
    return [_checked(c, path) for c in classes if not c.__name__.startswith("_")]


def _checked(cls: type[Port], path: Path) -> Port:
    for attribute in ("name", "timeframe") if issubclass(cls, Strategy) else ("name",):
        value = getattr(cls, attribute, None)
        if not isinstance(value, str) or not value:
            raise InputError(f"{path}: class {cls.__name__} does not say its {attribute}")
    if not (inspect.isclass(cls.Params) and issubclass(cls.Params, Parameters)):
        raise InputError(f"{path}: class {cls.__name__}: Params is not a class of Parameters")
    try:
        if issubclass(cls, Strategy):
            timeframe_ms(cls.timeframe)
        cls.Params()
        return cls()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(("Params", *map(str, first["loc"])))
        raise InputError(f"{path}: class {cls.__name__}: default of {where}: {first['msg']}") from error
    except Exception as error:  # as above
        raise InputError(f"{path}: class {cls.__name__}: {_line(error)}") from error


def _line(error: Exception) -> str:
    """The first line of what an error says."""
    return next(iter(str(error).splitlines()), "")
