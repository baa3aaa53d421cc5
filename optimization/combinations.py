"""Reading the combinations of a stored run: the best of them, heatmaps over two parameters, export.

Only the columns that a question needs are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.candle import Floats
from core.errors import DataError
from optimization.run_file import METRICS, PARAM, PARTS

Aggregate = Literal["median", "mean", "min", "positive", "max"]
AGGREGATES: Final[tuple[Aggregate, ...]] = ("median", "mean", "min", "positive", "max")
"""``positive`` is the share of combinations above 0; the maximum flatters, so it comes last."""
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
        self, x: str, y: str, figure: str = "out.sharpe", aggregate: Aggregate = "median", window: int | None = None,
        fixed: Mapping[str, int] | None = None,
    ) -> Heatmap:
        """``figure`` over two parameters, all others (and windows, unless one is named) brought together.

        fixed : only combinations with these values, by parameter and position in its values. Raises DataError for a
        parameter, figure, aggregate or window that is not there.
        """
        if aggregate not in AGGREGATES:
            raise DataError(f"aggregate {aggregate!r}: allowed are {', '.join(AGGREGATES)}")
        if x == y:
            raise DataError(f"parameter {x!r}: the two must differ")
        (across, columns), (down, rows) = self.parameter(x), self.parameter(y)
        values = self.figure(figure, window)
        keep = self._with(fixed or {}, len(values))
        shape = (len(down.values), len(across.values))
        cells, counts = np.full(shape[0] * shape[1], np.nan), np.zeros(shape[0] * shape[1], np.int64)
        where, found, brought = _brought((rows * shape[1] + columns)[keep], values[keep], aggregate)
        cells[where], counts[where] = brought, found
        return Heatmap(across, down, figure, aggregate, window, cells.reshape(shape), counts.reshape(shape))

    def rank(self, by: str, rows: Sequence[int], window: int | None = None) -> tuple[int, ...]:
        """Places (1 is best) that combinations have by a figure; equal ones share the better place."""
        values = self.figure(by, window)
        ordered = np.sort(values if by.endswith("drawdown") else -values)
        places = np.searchsorted(ordered, (values if by.endswith("drawdown") else -values)[list(rows)])
        return tuple(int(place) + 1 for place in places)

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

    def _with(self, fixed: Mapping[str, int], rows: int) -> NDArray[np.bool_]:
        """bool[n]: which combinations have these values."""
        keep = np.ones(rows, np.bool_)
        for name, position in fixed.items():
            axis, codes = self.parameter(name)
            if not 0 <= position < len(axis.values):
                raise DataError(f"parameter {name!r}: value {position}: allowed is 0 to {len(axis.values) - 1}")
            keep &= codes == position
        return keep

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


def _brought(at: NDArray[np.int64], values: Floats, aggregate: Aggregate) -> tuple[Any, Any, Any]:
    """Cells that have values, how many each has, and what they are brought together to; no loop over the cells."""
    order = np.lexsort((values, at))
    ordered = values[order]
    where, first, found = np.unique(at[order], return_index=True, return_counts=True)
    if aggregate == "median":
        return where, found, (ordered[first + (found - 1) // 2] + ordered[first + found // 2]) / 2.0
    if aggregate == "min":
        return where, found, ordered[first]
    if aggregate == "max":
        return where, found, ordered[first + found - 1]
    terms = (ordered > 0.0).astype(np.float64) if aggregate == "positive" else ordered
    total = np.add.reduceat(terms, first) if len(first) else np.empty(0)
    return where, found, total / found


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(f"{path}: is damaged: {(str(error) or type(error).__name__).splitlines()[0]}")
