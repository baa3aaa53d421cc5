"""What is loaded ahead, so that its bytecode lies there: everything but what needs what is not installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts.warm import PARTS, load
from tests.cli.command import REPOSITORY

HERE = "warm_parts"


@pytest.fixture
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of its own with one sound module."""
    folder = tmp_path / HERE
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "sound.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, HERE, raising=False)
    return folder


def test_what_needs_a_library_that_is_not_installed_is_left_out(part: Path) -> None:
    (part / "extra.py").write_text("import no_such_library")
    assert load([HERE]) == [f"{HERE}.sound"]


def test_a_module_of_ours_that_is_missing_is_an_error(part: Path) -> None:
    (part / "broken.py").write_text(f"import {HERE}.no_such_module")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        load([HERE])


def test_every_package_of_the_program_is_loaded() -> None:
    packages = {path.parent.name for path in REPOSITORY.glob("*/__init__.py")}
    assert packages - {"tests"} == {*PARTS, "core", "engine", "indicators"}
