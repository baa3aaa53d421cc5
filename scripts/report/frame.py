"""What every page of this folder is made with: templates, parts that stand inside it, the file itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from core.errors import ConfigurationError
from scripts.files import write_whole
from scripts.options import when_text
from scripts.report.numbers import short_percent

HERE: Final = Path(__file__).parent


def environment() -> Environment:
    """Templates of this folder, with the filters that they share."""
    made = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"percent": short_percent, "when": when_text}
    return made


def asset(name: str) -> Markup:
    """A part that stands inside the page as it is."""
    return Markup((HERE / name).read_text(encoding="utf-8"))  # noqa: S704  our own file


def check_writable(path: Path) -> None:
    """Raise ConfigurationError unless a file of this name can be written."""
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise _unwritable(path, "allowed is a file that can be written, in a folder that exists")


def write_html(path: Path, text: str) -> None:
    """Write a page, whole or not at all. Raises ConfigurationError when the file cannot be written."""
    try:
        write_whole(path, text)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error


def _unwritable(path: Path, allowed: str) -> ConfigurationError:
    return ConfigurationError("command line", "--html", str(path), allowed)
