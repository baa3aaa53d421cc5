"""Small charts as SVG, drawn here: they need no script, print, and are read on a telephone.

Each is 480 units wide and scales with its card; colours are classes of the page's style sheet.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from markupsafe import Markup, escape

from core.candle import Floats

WIDTH: Final = 480.0
HEIGHT: Final = 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 10.0, 10.0, 42.0


Point = tuple[float, float]


class Mark(NamedTuple):
    """A vertical line at a value, with its word and its class."""

    value: float
    text: str
    kind: str


class Dots(NamedTuple):
    """Points of one kind; float64[n] each, and their radius."""

    x: Floats
    y: Floats
    kind: str
    radius: float


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to places, linear."""

    low: float
    high: float
    begin: float
    end: float

    def at(self, value: float) -> float:
        """The place of a value; values outside stay at the edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)


def histogram(
    values: Floats, label: str, marks: Sequence[Mark], split: float | None = None, bins: int = 36,
    edges: Floats | None = None, counts: Floats | None = None,
) -> Markup:
    """How often values occur; bars left of ``split`` are bad ones, right of it good ones.

    ``edges``, ``counts`` : where it is counted already.
    """
    if edges is None or counts is None:
        low, high = extent(values, [m.value for m in marks])
        counts_, edges_ = np.histogram(np.clip(values, low, high), bins=bins, range=(low, high))
        edges, counts = edges_, counts_.astype(np.float64)
    x = Scale(float(edges[0]), float(edges[-1]), _LEFT - 24, WIDTH - _RIGHT)
    top = float(counts.max()) or 1.0
    y = Scale(0.0, top, HEIGHT - _BOTTOM, _TOP + 30)
    parts = [_axis_x(x, label)]
    for i, count in enumerate(counts.tolist()):
        if count:
            begin, end = x.at(float(edges[i])), x.at(float(edges[i + 1]))
            width = max(end - begin - 1.0, 0.8)
            middle = float(edges[i] + edges[i + 1]) / 2.0
            kind = "dot" if split is None else "good" if middle > split else "bad"
            parts.append(
                f'<rect class="{kind}" x="{begin + .5:.1f}" y="{y.at(count):.1f}" width="{width:.1f}" '
                f'height="{y.begin - y.at(count):.1f}" rx="1"/>'
            )
    for number, mark in enumerate(marks):
        parts.append(_mark(x, mark, _TOP + 10 + 13 * (number % 2)))
    return _drawn(parts, label)


def scatter(
    dots: Sequence[Dots], label_x: str, label_y: str, line: Callable[[float], float] | None = None, line_text: str = "",
) -> Markup:
    """Points over two values that share no scale; ``line`` is drawn through them, dashed."""
    all_x, all_y = (np.concatenate([getattr(d, axis) for d in dots]) for axis in ("x", "y"))
    x = Scale(*extent(all_x, [0.0]), _LEFT, WIDTH - _RIGHT)
    y = Scale(*extent(all_y, [0.0]), HEIGHT - _BOTTOM, _TOP)
    parts = [_axis_x(x, label_x), _axis_y(y, label_y)]
    if line is not None:
        ends = _inside(line, x, y)
        if ends is not None:
            (a, b), (c, d) = ends
            parts.append(f'<line class="trend" x1="{a:.1f}" y1="{b:.1f}" x2="{c:.1f}" y2="{d:.1f}"/>')
            parts.append(
                f'<text class="mark" x="{c - 4:.1f}" y="{max(d - 6, 20):.1f}" text-anchor="end">'
                f"{escape(line_text)}</text>"
            )
    for kind in dots:
        parts.append(f'<g class="{kind.kind}">')
        parts += [
            f'<circle cx="{x.at(a):.1f}" cy="{y.at(b):.1f}" r="{kind.radius:g}"/>'
            for a, b in zip(kind.x.tolist(), kind.y.tolist(), strict=True)
        ]
        parts.append("</g>")
    return _drawn(parts, f"{label_y} by {label_x}")


def columns(pairs: Sequence[tuple[float, float]], titles: Sequence[str], label: str) -> Markup:
    """For each of ``titles`` a wide bar (the second value, good or bad) behind a mark at the first one."""
    values = np.array(pairs, np.float64).reshape(-1, 2)
    width = max(WIDTH * 2, 14.0 * len(values))
    low, high = extent(values.ravel(), [0.0])
    y = Scale(low, high, HEIGHT - 30, _TOP)
    step = (width - _LEFT - _RIGHT) / max(len(values), 1)
    parts = [_axis_y(y, label, width)]
    for i, (before, after) in enumerate(values.tolist()):
        begin = _LEFT + i * step
        zero, end = y.at(0.0), y.at(after)
        parts.append(
            f'<g><title>{escape(titles[i])}</title>'
            f'<rect class="{"good" if after > 0 else "bad"}" x="{begin + step * .15:.1f}" y="{min(zero, end):.1f}" '
            f'width="{step * .7:.1f}" height="{max(abs(zero - end), 1):.1f}" rx="2"/>'
            f'<line class="promise" x1="{begin + step * .1:.1f}" x2="{begin + step * .9:.1f}" '
            f'y1="{y.at(before):.1f}" y2="{y.at(before):.1f}"/></g>'
        )
    parts += [
        f'<text x="{_LEFT + (i + .5) * step:.1f}" y="{HEIGHT - 12:.1f}" text-anchor="middle">'
        f"{escape(titles[i][:7])}</text>"
        for i in range(0, len(values), max(1, len(values) // 9))
    ]
    return _drawn(parts, label, width)


def extent(values: Floats, more: Sequence[float] = ()) -> tuple[float, float]:
    """Lowest and highest of the values and of ``more``, with a little room; never equal."""
    every = np.concatenate((np.asarray(values, np.float64), np.asarray(more, np.float64), [] if len(more) else [0.0]))
    low, high = float(every.min()), float(every.max())
    room = (high - low) * 0.04 or max(abs(high), 1.0) * 0.5
    return low - room, high + room


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values between two, at most about so many."""
    step = (high - low) / most
    power = 10.0 ** math.floor(math.log10(step))
    step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= step)
    first = math.ceil(low / step)
    return [i * step for i in range(first, math.floor(high / step) + 1)]


def _inside(line: Callable[[float], float], x: Scale, y: Scale) -> tuple[Point, Point] | None:
    """Where a line enters and leaves the chart; None where it misses it."""
    grid = np.linspace(x.low, x.high, 200)
    seen = [(a, line(a)) for a in grid.tolist() if y.low <= line(a) <= y.high]
    if len(seen) < 2:
        return None
    (a, b), (c, d) = seen[0], seen[-1]
    return (x.at(a), y.at(b)), (x.at(c), y.at(d))


def _axis_x(scale: Scale, label: str) -> str:
    bottom = HEIGHT - _BOTTOM
    parts = [
        f'<text x="{scale.at(v):.1f}" y="{bottom + 17:.1f}" text-anchor="middle">{v:g}</text>'
        f'<line class="grid" x1="{scale.at(v):.1f}" x2="{scale.at(v):.1f}" y1="{_TOP}" y2="{bottom}"/>'
        for v in map(_clean, ticks(scale.low, scale.high))
    ]
    return "".join(parts) + f'<text class="label" x="{(scale.begin + scale.end) / 2:.0f}" y="{HEIGHT - 6:.0f}" ' \
        f'text-anchor="middle">{escape(label)}</text>'


def _axis_y(scale: Scale, label: str, width: float = WIDTH) -> str:
    parts = [
        f'<text x="{_LEFT - 7:.0f}" y="{scale.at(v) + 4:.1f}" text-anchor="end">{v:g}</text>'
        f'<line class="{"zero" if v == 0 else "grid"}" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{scale.at(v):.1f}" '
        f'y2="{scale.at(v):.1f}"/>'
        for v in map(_clean, ticks(scale.low, scale.high))
    ]
    middle = (scale.begin + scale.end) / 2
    return "".join(parts) + f'<text class="label" transform="translate(11 {middle:.0f}) rotate(-90)" ' \
        f'text-anchor="middle">{escape(label)}</text>'


def _mark(scale: Scale, mark: Mark, y: float) -> str:
    at = scale.at(mark.value)
    right = at > (scale.begin + scale.end) / 2
    return (
        f'<line class="rule {mark.kind}" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}"/>'
        f'<text class="mark {mark.kind}" x="{at + (-5 if right else 5):.1f}" y="{y:.1f}" '
        f'text-anchor="{"end" if right else "start"}">{escape(mark.text)}</text>'
    )


def _drawn(parts: Sequence[str], label: str, width: float = WIDTH) -> Markup:
    return Markup(  # noqa: S704  every text in it is escaped
        f'<svg class="plot" viewBox="0 0 {width:g} {HEIGHT:g}" role="img" aria-label="{escape(label)}">'
        + "".join(parts) + "</svg>"
    )


def _clean(value: float) -> float:
    return 0.0 if abs(value) < 1e-12 else float(f"{value:.6g}")
