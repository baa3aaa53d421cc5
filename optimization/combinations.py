"""Reading the combinations of a stored run: the best of them, heatmaps over two parameters, export.

Only the columns that a question needs are read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.candle import Floats
from core.errors import DataError
from optimization.run_file import METRICS, PARAM, PARTS

Aggregate = Literal["max", "median", "mean", "min"]
AGGREGATES: Final[tuple[Aggregate, ...]] = ("max", "median", "mean", "min")
_BRING: Final[dict[Aggregate, Callable[[Floats], Any]]] = {
    "max": np.max, "median": np.median, "mean": np.mean, "min": np.min,
}
FIGURES: Final = tuple(f"{part}.{metric}" for part in PARTS for metric in METRICS)


class Axis(NamedTuple):
    """A parameter and the values that it takes, in the grid's order."""

    name: str
    values: tuple[Any, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Heatmap:
    """A figure over two parameters. cells : float64[n_y, n_x], NaN where no combination is; counts : int64[n_y, n_x],
    how many combinations stand behind each.
    """

    x: Axis
    y: Axis
    figure: str
    aggregate: Aggregate
    window: int | None
    cells: Floats
    counts: NDArray[np.int64]


class Combination(NamedTuple):
    """A combination by its row, with its parameters and figures (over all windows their mean)."""

    row: int
    params: dict[str, Any]
    figures: dict[str, float]


class Combinations:
    """The combinations of one file. Raises DataError when it is missing or damaged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._schema = self._open(None).schema
        self.names = tuple(n.removeprefix(PARAM) for n in self._schema.names if n.startswith(PARAM))
        self.windows = sum(1 for n in self._schema.names if n.startswith(f"{FIGURES[0]}."))

    def figure(self, figure: str, window: int | None = None) -> Floats:
        """float64[n]: ``figure`` (of `FIGURES`) of every combination in one window, or its mean over all of them.

        Raises DataError for a figure or window that is not there.
        """
        if figure not in FIGURES:
            raise DataError(f"figure {figure!r}: allowed are {', '.join(FIGURES)}")
        if window is not None and not 0 <= window < self.windows:
            raise DataError(f"window {window}: allowed is 0 to {self.windows - 1}")
        which = range(self.windows) if window is None else [window]
        table = self._read([f"{figure}.{w}" for w in which])
        total = np.zeros(table.num_rows)
        for column in table.columns:
            total += column.to_numpy()
        return total / max(len(which), 1)

    def parameter(self, name: str) -> tuple[Axis, NDArray[np.int64]]:
        """A parameter's values, and int64[n]: the position of each combination's value in them.

        Raises DataError for one that the grid has not.
        """
        if name not in self.names:
            raise DataError(f"parameter {name!r}: was not in the grid, which has {', '.join(self.names) or 'none'}")
        column = self._read([f"{PARAM}{name}"]).column(0).combine_chunks()
        dictionary = column.dictionary if pa.types.is_dictionary(column.type) else column.dictionary_encode().dictionary
        return Axis(name, tuple(dictionary.to_pylist())), column.indices.to_numpy().astype(np.int64)

    def heatmap(
        self, x: str, y: str, figure: str = "out.sharpe", aggregate: Aggregate = "median", window: int | None = None
    ) -> Heatmap:
        """``figure`` over two parameters, all others (and windows, unless one is named) brought together.

        Raises DataError for a parameter, figure, aggregate or window that is not there.
        """
        if aggregate not in AGGREGATES:
            raise DataError(f"aggregate {aggregate!r}: allowed are {', '.join(AGGREGATES)}")
        if x == y:
            raise DataError(f"parameter {x!r}: the two must differ")
        (across, columns), (down, rows) = self.parameter(x), self.parameter(y)
        values = self.figure(figure, window)
        shape = (len(down.values), len(across.values))
        cells, counts = np.full(shape[0] * shape[1], np.nan), np.zeros(shape[0] * shape[1], np.int64)
        at = rows * shape[1] + columns
        order = np.argsort(at, kind="stable")
        where, first, found = np.unique(at[order], return_index=True, return_counts=True)
        bring = _BRING[aggregate]
        for cell, start, count in zip(where, first, found, strict=True):
            cells[cell] = bring(values[order[start : start + count]])
        counts[where] = found
        return Heatmap(across, down, figure, aggregate, window, cells.reshape(shape), counts.reshape(shape))

    def best(
        self, by: str = "out.sharpe", limit: int = 10, offset: int = 0, window: int | None = None
    ) -> tuple[Combination, ...]:
        """The combinations with the highest ``by`` (of drawdown the lowest), best first, equal ones by row."""
        values = self.figure(by, window)
        ranked = np.argsort(values if by.endswith("drawdown") else -values, kind="stable")
        return self._rows(ranked[offset : offset + limit], window)

    def table(self) -> Any:
        """All of it: a pyarrow table with parameters as plain values."""
        table = self._read(None).replace_schema_metadata(None)
        for name in table.column_names:
            if pa.types.is_dictionary(table.schema.field(name).type):
                index = table.column_names.index(name)
                table = table.set_column(index, name, table.column(name).cast(table.schema.field(name).type.value_type))
        return table

    def _rows(self, rows: NDArray[np.int64], window: int | None) -> tuple[Combination, ...]:
        params = {name: self.parameter(name) for name in self.names}
        figures = {figure: self.figure(figure, window) for figure in FIGURES}
        return tuple(
            Combination(
                int(row), {name: axis.values[codes[row]] for name, (axis, codes) in params.items()},
                {figure: float(values[row]) for figure, values in figures.items()},
            )
            for row in rows
        )

    def _read(self, columns: Sequence[str] | None) -> Any:
        fields = None if columns is None else [self._schema.get_field_index(name) for name in columns]
        try:
            return self._open(fields).read_all()
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self._path, error) from error

    def _open(self, fields: list[int] | None) -> Any:
        try:
            options = pa.ipc.IpcReadOptions(included_fields=fields)
            return pa.ipc.open_file(pa.memory_map(str(self._path)), options=options)
        except FileNotFoundError as error:
            raise DataError(f"{self._path}: the combinations of this run are not here") from error
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self._path, error) from error


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(f"{path}: is damaged: {(str(error) or type(error).__name__).splitlines()[0]}")
