"""YAML read strictly: a key that stands twice is an error, and ``1e-5`` is a number."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from core.errors import ConfigurationError


class _Loader(yaml.CSafeLoader):
    """Safe loader with the two corrections above; the compiled one, since every command begins with reading YAML."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise yaml.MarkedYAMLError(None, None, f"key {key!r} is not text", key_node.start_mark)
        if key in seen:
            raise yaml.MarkedYAMLError(None, None, f"key {key!r} stands twice", key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a file; an empty file is an empty mapping. Raises ConfigurationError naming file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    return parse_yaml(text, path)


def parse_yaml(text: str, path: Path) -> dict[str, Any]:
    """As `read_yaml`, of a text that is, or is to be, the content of ``path``."""
    try:
        tree = yaml.load(text, _Loader)  # noqa: S506  a SafeLoader with fewer liberties
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(str(path), f"line {line}", _line_of(text, line), f"{error.problem}") from error
    except yaml.YAMLError as error:
        raise _unreadable(path, error) from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise ConfigurationError(str(path), "file", type(tree).__name__, "must hold keys and values")
    return tree


def _unreadable(path: Path, error: Exception) -> ConfigurationError:
    return ConfigurationError(str(path), "file", path.name, f"cannot be read: {error}".splitlines()[0])


def _line_of(text: str, line: int) -> str:
    lines = text.splitlines()
    return lines[line - 1].strip() if line <= len(lines) else ""
