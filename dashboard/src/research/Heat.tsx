/** A dense heatmap on a canvas: up to a hundred thousand cells at once. Cells are found by arithmetic, not by elements.
 *
 * `values` row by row from the top; NaN is not computed (hatched). Arrow keys move, Enter opens, the readout is spoken.
 */
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react';
import { token } from '../charts/chart-tokens';
import { colour, ink, type Scale } from './colours';
import css from './Heat.module.css';

export type Marked = { kind: 'chosen' | 'deploy' | 'best'; at: number; label: string };

const [LEFT, BOTTOM] = [64, 26];

export function Heat({ columns, rows, values, few, marks, scale, xName, yName, xLabels, yLabels, format, summary, readout, contour, onPick }: {
  columns: number; rows: number; values: Float32Array | Float64Array; few?: ArrayLike<boolean | number> | undefined; marks: readonly Marked[]; scale: Scale;
  xName: string; yName: string; xLabels: readonly string[]; yLabels: readonly string[]; format: (value: number) => string; summary: string;
  readout: (at: number) => ReactNode;
  /** Cells at this value or above are within the line. */
  contour?: number | undefined;
  onPick: (at: number) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState<number | undefined>();
  useEffect(() => {
    if (!box.current) return;
    const watcher = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    watcher.observe(box.current);
    return () => watcher.disconnect();
  }, []);
  const size = useMemo(() => {
    const inner = Math.max(80, width - LEFT);
    const cell = columns * rows > 4000 ? 1 : Math.min(44, Math.max(24, (inner / columns) * 0.5));
    return { inner, height: columns * rows > 4000 ? Math.min(inner * 0.7, 560) : Math.min(rows * cell, 560) };
  }, [width, columns, rows]);
  const image = useMemo(() => {
    if (typeof document === 'undefined' || !columns || !rows) return undefined;
    const small = document.createElement('canvas');
    [small.width, small.height] = [columns, rows];
    const drawn = small.getContext('2d');
    if (!drawn) return undefined;
    const data = drawn.createImageData(columns, rows);
    const bytes = data.data;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? NaN;
      if (Number.isNaN(value)) continue;
      const [r, g, b] = colour(scale, value);
      bytes[i * 4] = r;
      bytes[i * 4 + 1] = g;
      bytes[i * 4 + 2] = b;
      bytes[i * 4 + 3] = 255;
    }
    drawn.putImageData(data, 0, 0);
    return small;
  }, [values, columns, rows, scale]);
  useEffect(() => {
    const into = canvas.current;
    if (!into || !image || !width) return;
    const ratio = window.devicePixelRatio || 1;
    [into.width, into.height] = [width * ratio, (size.height + BOTTOM) * ratio];
    const c = into.getContext('2d');
    if (!c) return;
    c.scale(ratio, ratio);
    const [w, h] = [size.inner / columns, size.height / rows];
    c.fillStyle = hatch(c);
    c.fillRect(LEFT, 0, size.inner, size.height);
    c.imageSmoothingEnabled = false;
    c.drawImage(image, LEFT, 0, size.inner, size.height);
    const large = w >= 30 && h >= 17;
    if (large) numbers(c, values, few, columns, w, h, scale, format);
    if (contour !== undefined && columns * rows <= 20_000) outline(c, values, columns, rows, w, h, contour);
    for (const mark of marks) sign(c, mark, columns, w, h);
    axes(c, xLabels, yLabels, columns, rows, w, h, size.height);
    performance.mark('heat-drawn', { detail: { cells: columns * rows } });
  }, [image, width, size, columns, rows, values, few, marks, scale, xLabels, yLabels, format, contour]);
  const from = (event: PointerEvent): number | undefined => {
    const place = canvas.current?.getBoundingClientRect();
    if (!place) return undefined;
    const [x, y] = [Math.floor(((event.clientX - place.left - LEFT) / size.inner) * columns), Math.floor(((event.clientY - place.top) / size.height) * rows)];
    return x >= 0 && x < columns && y >= 0 && y < rows ? y * columns + x : undefined;
  };
  const move = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    if (by !== undefined) {
      event.preventDefault();
      setAt((now) => Math.max(0, Math.min(columns * rows - 1, (now ?? -by) + by)));
    } else if (event.key === 'Enter' && at !== undefined) onPick(at);
  };
  const [x, y] = at === undefined ? [0, 0] : [at % columns, Math.floor(at / columns)];
  return (
    <div className={css['heat']}>
      <span className={css['yName']}>{yName} ↓ · {xName} →</span>
      <div
        ref={box} className={css['box']} tabIndex={0} role="application" aria-label={summary} onKeyDown={move}
        onPointerMove={(event) => event.pointerType === 'mouse' && setAt(from(event))}
        onClick={(event) => {
          const found = from(event as unknown as PointerEvent);
          setAt(found);
          if (found !== undefined) onPick(found);
        }}
      >
        <canvas ref={canvas} style={{ width: '100%', height: size.height + BOTTOM }} data-cells={columns * rows} />
        {at !== undefined && (
          <i className={css['cursor']} style={{ left: LEFT + (x * size.inner) / columns, top: (y * size.height) / rows, width: Math.max(3, size.inner / columns), height: Math.max(3, size.height / rows) }} />
        )}
      </div>
      <output className={css['readout']} aria-live="polite">{at === undefined ? ' ' : readout(at)}</output>
    </div>
  );
}

function hatch(c: CanvasRenderingContext2D): CanvasPattern | string {
  const tile = document.createElement('canvas');
  [tile.width, tile.height] = [8, 8];
  const t = tile.getContext('2d');
  if (!t) return token('bg-2');
  t.fillStyle = token('bg-2');
  t.fillRect(0, 0, 8, 8);
  t.strokeStyle = token('line');
  t.globalAlpha = 0.6;
  t.beginPath();
  for (const shift of [-8, 0, 8]) {
    t.moveTo(shift, 8);
    t.lineTo(shift + 8, 0);
  }
  t.stroke();
  return c.createPattern(tile, 'repeat') ?? token('bg-2');
}

function numbers(
  c: CanvasRenderingContext2D, values: Float32Array | Float64Array, few: ArrayLike<boolean | number> | undefined, columns: number, w: number, h: number, scale: Scale,
  format: (value: number) => string,
) {
  c.font = '12px system-ui, sans-serif';
  c.textAlign = 'center';
  c.textBaseline = 'middle';
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN;
    if (Number.isNaN(value)) continue;
    const [x, y] = [LEFT + ((i % columns) + 0.5) * w, (Math.floor(i / columns) + 0.5) * h];
    c.fillStyle = ink(colour(scale, value));
    c.fillText(few?.[i] ? `${format(value)} ·` : format(value), x, y);
  }
}

function outline(c: CanvasRenderingContext2D, values: Float32Array | Float64Array, columns: number, rows: number, w: number, h: number, least: number) {
  const inside = (x: number, y: number) => x >= 0 && y >= 0 && x < columns && y < rows && (values[y * columns + x] ?? NaN) >= least;
  c.strokeStyle = token('text-1');
  c.lineWidth = 1.5;
  c.setLineDash([4, 3]);
  c.beginPath();
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      if (!inside(x, y)) continue;
      const [left, top] = [LEFT + x * w, y * h];
      if (!inside(x - 1, y)) { c.moveTo(left, top); c.lineTo(left, top + h); }
      if (!inside(x + 1, y)) { c.moveTo(left + w, top); c.lineTo(left + w, top + h); }
      if (!inside(x, y - 1)) { c.moveTo(left, top); c.lineTo(left + w, top); }
      if (!inside(x, y + 1)) { c.moveTo(left, top + h); c.lineTo(left + w, top + h); }
    }
  }
  c.stroke();
  c.setLineDash([]);
}

/** Circle with a dot: chosen in a window; diamond: to deploy; dashed ring: best out of sample. */
function sign(c: CanvasRenderingContext2D, mark: Marked, columns: number, w: number, h: number) {
  const [x, y] = [(mark.at % columns) * w + LEFT, Math.floor(mark.at / columns) * h];
  const large = w >= 30 && h >= 17;
  const [cx, cy] = large ? [x + (mark.kind === 'chosen' ? 8 : w - 9), y + (mark.kind === 'best' ? h - 8 : 8)] : [x + w / 2, y + h / 2];
  for (const [style, line] of [['#0b0e14', 4], ['#ffffff', 1.8]] as const) {
    c.strokeStyle = style;
    c.lineWidth = line;
    c.setLineDash(mark.kind === 'best' ? [2, 2] : []);
    c.beginPath();
    if (mark.kind === 'deploy') {
      c.moveTo(cx, cy - 5);
      c.lineTo(cx + 5, cy);
      c.lineTo(cx, cy + 5);
      c.lineTo(cx - 5, cy);
      c.closePath();
    } else c.arc(cx, cy, mark.kind === 'chosen' ? 3 : 5, 0, 7);
    c.stroke();
  }
  c.setLineDash([]);
}

function axes(c: CanvasRenderingContext2D, xs: readonly string[], ys: readonly string[], columns: number, rows: number, w: number, h: number, height: number) {
  c.font = '12px system-ui, sans-serif';
  c.fillStyle = token('text-3');
  c.textBaseline = 'middle';
  c.textAlign = 'center';
  const every = (count: number, cell: number, least: number) => Math.max(1, Math.ceil(least / Math.max(cell, 0.01) / 1) * (count > 0 ? 1 : 1));
  const [stepX, stepY] = [every(columns, (w * columns) / xs.length, 44), every(rows, (h * rows) / ys.length, 15)];
  for (let i = 0; i < xs.length; i += stepX) c.fillText(xs[i] ?? '', LEFT + ((i + 0.5) * w * columns) / xs.length, height + 14);
  c.textAlign = 'right';
  for (let i = 0; i < ys.length; i += stepY) c.fillText(ys[i] ?? '', LEFT - 6, ((i + 0.5) * h * rows) / ys.length);
}
