"""The table of faults in docs/operations.md: every row names a test, and that test exists."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.cli.command import REPOSITORY

HEADING = "### What goes wrong on the exchange, and hands of others"
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> list[str]:
    """The rows of the table, without its head."""
    page = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")
    section = page.split(HEADING)[1].split("\n#")[0]
    return [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("| what happens")]


@cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def lacking(row: str) -> str:
    """What is wrong with a row, '' when nothing is."""
    named = TEST.findall(row)
    if not named:
        return "names no test"
    unknown = [f"{path}::{name}" for path, name in named
               if not (REPOSITORY / path).is_file() or name not in functions(path)]
    return f"names {', '.join(unknown)}, which is no test" if unknown else ""


def test_every_fault_in_the_table_names_a_test_that_exists() -> None:
    assert len(rows()) >= 25
    assert not {row: found for row in rows() if (found := lacking(row))}


@pytest.mark.parametrize(("row", "said"), [
    ("| a | b | c | |", "names no test"),
    ("| a | b | c | `tests/docs/test_docs.py::test_nothing` |",
     "names tests/docs/test_docs.py::test_nothing, which is no test"),
    ("| a | b | c | `tests/docs/no_such.py::test_x` |", "names tests/docs/no_such.py::test_x, which is no test"),
    ("| a | b | c | `tests/docs/test_docs.py::test_every_path_that_is_named_exists` |", ""),
])
def test_a_row_without_its_test_is_noticed(row: str, said: str) -> None:
    assert lacking(row) == said
