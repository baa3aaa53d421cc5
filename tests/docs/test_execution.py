"""docs/execution.md: the rows of its rules are the tests' own numbers, the tests that it names exist."""

from __future__ import annotations

import re

import pytest

from tests.cli.command import REPOSITORY
from tests.docs.examples import CASES, row

PAGE = (REPOSITORY / "docs" / "execution.md").read_text(encoding="utf-8")
SECTIONS = {
    int(number): body
    for number, body in re.findall(r"^### (\d+)\. .+?$(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
}
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
ROWS = [
    line for body in SECTIONS.values() for line in body.splitlines()
    if line.startswith("| ") and not line.startswith("| case |")
]


def test_every_rule_has_its_section_with_something_that_proves_it() -> None:
    assert list(SECTIONS) == list(range(1, 14))
    for number, body in SECTIONS.items():
        assert any(f"| {name} |" in body for name in CASES) or "::test_" in body, f"rule {number}"


@pytest.mark.parametrize("line", ROWS, ids=lambda line: line.split("|")[1].strip())
def test_a_row_shows_the_numbers_of_the_test_of_its_name(line: str) -> None:
    name = line.split("|")[1].strip()
    assert name in CASES, "no case of this name"
    assert line == row(CASES[name])


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[f"{file}::{name}" for file, name in NAMED])
def test_a_test_that_is_named_exists(file: str, name: str) -> None:
    source = (REPOSITORY / file).read_text(encoding="utf-8")
    assert re.search(rf"^(async )?def {name}\(", source, re.MULTILINE)


def test_rows_and_names_were_found_on_the_page() -> None:
    assert len(ROWS) > 60
    assert len(NAMED) > 5
