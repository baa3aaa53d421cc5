"""What the documentation names exists: links, commands with their options, make targets, paths; examples compile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer.main

from scripts.main import build
from tests.cli.command import REPOSITORY

PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md", "deploy/**/*.md", "tests/**/*.md")
    for page in REPOSITORY.glob(pattern)
)
MADE_WHILE_RUNNING = ("var/", "data/", ".venv/", ".cache/")
"""Folders that a checkout does not have until something runs."""

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:^|(?<=[\s/`]))scalp-radar +(?!scalp-radar)([^`|#\n]+)", re.MULTILINE)
TARGET = re.compile(r"(?:^|(?<=[\s`]))make +([a-z]+)", re.MULTILINE)
PATH = re.compile(r"[A-Za-z0-9_.*-]+(?:/[A-Za-z0-9_.*-]+)*/?")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))


class Code(NamedTuple):
    """A piece of code of a page; ``language`` is '' where none is said, 'span' inside a line."""

    language: str
    text: str


def code(page: Path) -> Iterator[Code]:
    text = page.read_text(encoding="utf-8")
    for language, body in FENCE.findall(text):
        yield Code(language, body)
    for span in SPAN.findall(FENCE.sub("", text)):
        yield Code("span", span)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ +(.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def complaint(written: str, root: Any) -> str:
    """What is wrong with what follows ``scalp-radar``, '' when nothing is."""
    command, words = root, written.replace("\\", " ").split()
    while hasattr(command, "commands"):
        if not words or words[0].startswith(("-", "[", "<")):
            return ""
        if words[0] in ("...", "COMMAND"):
            return ""
        name = words.pop(0).rstrip(".,;:)")
        if name not in command.commands:
            return f"no command {name!r}"
        command = command.commands[name]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    unknown = {w for w in re.findall(r"--[a-z-]+", " ".join(words)) if w not in {*known, "--help"}}
    return f"{command.name} has no option {', '.join(sorted(unknown))}" if unknown else ""


def is_a_path(span: str) -> bool:
    """Whether code in a line reads as a place in the repository: a first folder or file that could be one."""
    if not PATH.fullmatch(span) or span.startswith(MADE_WHILE_RUNNING):
        return False
    if "/" not in span:
        return span.endswith((".md", ".toml", ".yaml", ".lock")) or span == "Makefile"
    first = REPOSITORY / span.split("/")[0]
    return first.is_dir() or span.endswith((".py", ".md", ".yaml"))


def exists(span: str) -> bool:
    """Whether there is such a path; a bare file name may lie in any folder that a reader would look into.

    What lies beside the repository need not be there.
    """
    if span.startswith("../"):
        return True
    folders = ("",) if "/" in span else ("", "config/", "docs/", "deploy/")
    return any(any(REPOSITORY.glob(folder + span.rstrip("/"))) for folder in folders)


@every_page
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), link
        if anchor:
            assert anchor in anchors(there), link


@every_page
def test_every_command_that_is_named_exists_with_its_options(page: Path) -> None:
    root = typer.main.get_command(build())
    for piece in code(page):
        for written in COMMAND.findall(piece.text.replace("\\\n", " ")):
            assert not complaint(written, root), f"scalp-radar {written}: {complaint(written, root)}"


@every_page
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for piece in code(page):
        assert set(TARGET.findall(piece.text)) <= targets, piece.text


@every_page
def test_every_path_that_is_named_exists(page: Path) -> None:
    for piece in code(page):
        if piece.language == "span" and is_a_path(piece.text):
            assert exists(piece.text), piece.text


@every_page
def test_python_examples_compile(page: Path) -> None:
    for number, piece in enumerate(code(page)):
        if piece.language == "python":
            compile(piece.text, f"{page.name}, example {number}", "exec")


def test_the_pages_that_readers_are_sent_to_are_looked_at() -> None:
    names = {str(page.relative_to(REPOSITORY)) for page in PAGES}
    assert {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/execution.md"} <= names


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("up --mode demo --for 60", ""),
        ("data import FOLDER --store data", ""),
        ("data frobnicate", "no command 'frobnicate'"),
        ("upp", "no command 'upp'"),
        ("up --mood demo", "up has no option --mood"),
        ("--help", ""),
    ],
)
def test_a_command_that_does_not_exist_is_noticed(written: str, wrong: str) -> None:
    assert complaint(written, typer.main.get_command(build())) == wrong


@pytest.mark.parametrize(
    ("span", "names", "there"),
    [
        ("core/messages.py", True, True),
        ("core/massages.py", True, False),
        ("engine/", True, True),
        ("engine/*.py", True, True),
        ("Makefile", True, True),
        ("pyproject.toml", True, True),
        ("risk.yaml", True, True),
        ("risky.yaml", True, False),
        ("var/demo", False, True),
        ("price(t) / 2", False, True),
        ("/health", False, True),
    ],
)
def test_a_path_that_does_not_exist_is_noticed(span: str, names: bool, there: bool) -> None:
    assert is_a_path(span) is names
    assert not names or exists(span) is there
