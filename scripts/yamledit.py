"""One value in a YAML text set, and nothing else touched: comments, spacing, order and quoting stay as they are.

The parser says at which characters a value stands; only those are replaced, or a line is added behind the last one of
a mapping. Libraries that write YAML again from its tree move comments that stand behind the mapping that grows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import yaml

_INDENT = 2


class _Place(NamedTuple):
    """Where a path ends: the deepest mapping that is there, the key of its parent, and what of the path is missing."""

    mapping: yaml.Node
    parent_column: int
    missing: tuple[str, ...]
    value: yaml.Node | None


def with_value(text: str, path: Sequence[str], value: Any) -> str:
    """The text with ``value`` (a scalar, or a mapping of scalars) at ``path``; keys that are missing are added.

    Raises KeyError, naming the key, when something on the path is there and cannot hold keys.
    """
    place = _place(text, tuple(path))
    if place.value is not None:
        return _spliced(text, place.value, flow(value))
    mapping, missing = place.mapping, place.missing
    if isinstance(mapping, yaml.MappingNode) and not mapping.flow_style:
        return _with_lines(text, _end_of(mapping), _lines(missing, value, mapping.value[0][0].start_mark.column))
    if isinstance(mapping, yaml.MappingNode) and mapping.value:
        last = _end_of(mapping)
        return f"{text[:last]}, {_in_flow(missing, value)}{text[last:]}"
    if isinstance(mapping, yaml.MappingNode) or _empty(mapping):
        begin, end = mapping.start_mark.index, mapping.end_mark.index
        commented = text[end:].split("\n", 1)[0].strip()
        head = text[:begin] + " " * (end - begin) if commented else text[:begin].rstrip(" ")
        return _with_lines(head + text[end:], len(head), _lines(missing, value, place.parent_column + _INDENT))
    raise KeyError(path[len(path) - len(missing) - 1])


def flow(value: Any) -> str:
    """A scalar, or a mapping or list of scalars, on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    return _scalar(value)


def _place(text: str, path: tuple[str, ...]) -> _Place:
    node, column = yaml.compose(text, yaml.CSafeLoader), -_INDENT
    if node is None:
        raise KeyError(path[0])
    for depth, key in enumerate(path):
        found = _entry(node, key)
        if found is None:
            return _Place(node, column, path[depth:], None)
        column, node = found[0].start_mark.column, found[1]
    return _Place(node, column, (), node)


def _entry(node: yaml.Node, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next(((k, v) for k, v in pairs if k.value == key), None)


def _end_of(node: yaml.Node) -> int:
    """Where the last value inside ends; a block's own end lies behind the comments that follow it."""
    if isinstance(node, yaml.MappingNode) and node.value:
        last = node.value[-1][1]
        return int(last.end_mark.index) if _flowing(last) else _end_of(last)
    if isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        return _end_of(node.value[-1])
    return int(node.end_mark.index)


def _flowing(node: yaml.Node) -> bool:
    return not isinstance(node, yaml.CollectionNode) or bool(node.flow_style)


def _empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _spliced(text: str, node: yaml.Node, value: str) -> str:
    return text[: node.start_mark.index] + value + text[_end_of(node) if not _flowing(node) else node.end_mark.index :]


def _with_lines(text: str, after: int, lines: Sequence[str]) -> str:
    """The lines behind the one that holds character ``after``."""
    newline = "\r\n" if "\r\n" in text else "\n"
    ends = text.find("\n", after)
    if after and text[after - 1] == "\n":  # a block scalar ends where the next line begins
        ends = after - 1
    head, tail = (text, "") if ends < 0 else (text[: ends + 1], text[ends + 1 :])
    if not head.endswith("\n"):
        head += newline
    return head + "".join(line + newline for line in lines) + tail


def _lines(missing: Sequence[str], value: Any, column: int) -> list[str]:
    """Keys below one another, the value behind the last one."""
    lines = [" " * (column + _INDENT * depth) + f"{_scalar(key)}:" for depth, key in enumerate(missing)]
    lines[-1] += f" {flow(value)}"
    return lines


def _in_flow(missing: Sequence[str], value: Any) -> str:
    text = flow(value)
    for key in reversed(missing[1:]):
        text = f"{{{_scalar(key)}: {text}}}"
    return f"{_scalar(missing[0])}: {text}"


def _scalar(value: Any) -> str:
    """As YAML writes it; a float always with a point, since YAML 1.1 takes ``1e-05`` for a word."""
    if isinstance(value, float):
        text = repr(value)
        return text if "." in text or "inf" in text or "nan" in text else text.replace("e", ".0e")
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    listed = yaml.dump([str(value)], Dumper=yaml.CSafeDumper, width=1_000_000, default_flow_style=True)
    return listed.strip()[1:-1]
