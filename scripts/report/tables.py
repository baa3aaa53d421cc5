"""What tables of a terminal share: their look, and doing without columns that do not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

WIDE = 128
"""Columns that a summary needs; what is not a terminal has no width of its own."""
WRAPPED = ("reason", "strategies")


def console_of() -> Console:
    """Standard output, wide where it is no terminal."""
    console = Console()
    return console if console.is_terminal or console.width >= WIDE else Console(width=WIDE)


def fitting(
    console: Console, title: str, rows: Sequence[Mapping[str, str]], expendable: Sequence[str], left: int
) -> Table:
    """One row each, without the first of the ``expendable`` columns, as many as do not fit."""
    dropped = 0
    while True:
        names = [name for name in rows[0] if name not in expendable[:dropped]]
        table = plain_table(title, names, left)
        for row in rows:
            table.add_row(*(row[name] for name in names))
        wanted = Measurement.get(console, console.options.update(max_width=1000), table).maximum
        if wanted <= console.width or dropped == len(expendable):
            return table
        dropped += 1


def plain_table(title: str, names: Sequence[str], left: int = 1) -> Table:
    """A table whose first ``left`` columns are text, the others figures."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1), collapse_padding=True,
                  pad_edge=False)
    for i, name in enumerate(names):
        table.add_column(name, justify="left" if i < left else "right", no_wrap=name not in WRAPPED)
    return table
