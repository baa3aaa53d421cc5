"""The table of traps names a test for each, and the test exists."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "bitget.md"
ROW = re.compile(r"^\| .* \|$", re.MULTILINE)
TEST = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def traps() -> list[str]:
    table = PAGE.read_text().split("## Traps", 1)[1].split("\n## ", 1)[0]
    return ROW.findall(table)[1:]


def test_every_trap_has_a_test_that_exists():
    assert len(traps()) >= 40
    for row in traps():
        named = TEST.findall(row)
        assert named, row
        for file, name in named:
            assert re.search(rf"^(async )?def {name}\(", (HERE / file).read_text(), re.MULTILINE), f"{file}::{name}"
