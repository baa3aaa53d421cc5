/** All combinations of a run in one binary body (docs/results.md), read in place; and where each lies on nested axes. */
import { Refusal } from '../api/client';

export type Statistics = { low: number; p2: number; p25: number; median: number; p75: number; p98: number; high: number; positive: number };
export type Parameter = { name: string; values: readonly (string | number | boolean)[]; codes: Uint16Array };
export type FigureColumn = { name: string; values: Float32Array; statistics: Statistics };
export type Combos = { rows: number; parameters: readonly Parameter[]; figures: ReadonlyMap<string, FigureColumn> };

type Column = { name: string; type: 'uint16'; values: (string | number | boolean)[] } | { name: string; type: 'float32'; statistics: Statistics };

/** The parts of a body. Columns are views on it, so nothing is copied. */
export function parsed(body: ArrayBuffer): Combos {
  const length = new DataView(body).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(body, 4, length))) as { rows: number; columns: Column[] };
  const parameters: Parameter[] = [];
  const figures = new Map<string, FigureColumn>();
  let at = 4 + length;
  for (const column of header.columns) {
    if (column.type === 'uint16') {
      parameters.push({ name: column.name, values: column.values, codes: new Uint16Array(body, at, header.rows) });
      at += Math.ceil((header.rows * 2) / 4) * 4;
    } else {
      figures.set(column.name, { name: column.name, values: new Float32Array(body, at, header.rows), statistics: column.statistics });
      at += header.rows * 4;
    }
  }
  return { rows: header.rows, parameters, figures };
}

/** Fetch and parse. Raises Refusal. */
export async function combosOf(fingerprint: string, figures: readonly string[], window: number | null, signal?: AbortSignal): Promise<Combos> {
  const query = new URLSearchParams(figures.map((figure) => ['figure', figure]));
  if (window !== null) query.set('window', String(window));
  const path = `/api/optimization/runs/${fingerprint}/combos?${query}`;
  const answer = await fetch(path, { credentials: 'same-origin', redirect: 'error', ...(signal && { signal }) });
  if (!answer.ok) throw new Refusal(answer.status, answer.statusText, 'The combinations of this run could not be read.', path);
  return parsed(await answer.arrayBuffer());
}

export type Nested = { columns: number; rows: number; across: readonly Parameter[]; down: readonly Parameter[]; place: Int32Array };

/** One cell a combination: `x` and `y` are the innermost axes, the others alternate outside, so that both sides stay alike. */
export function nested(combos: Combos, x: string, y: string): Nested {
  const find = (name: string) => combos.parameters.find((one) => one.name === name);
  const [inX, inY] = [find(x), find(y)];
  const across = inX ? [inX] : [];
  const down = inY ? [inY] : [];
  const size = (axes: readonly Parameter[]) => axes.reduce((product, axis) => product * axis.values.length, 1);
  const others = combos.parameters.filter((one) => one.name !== x && one.name !== y).sort((a, b) => b.values.length - a.values.length);
  for (const other of others) (size(across) <= size(down) ? across : down).push(other);
  const [columns, rows] = [size(across), size(down)];
  const place = new Int32Array(combos.rows);
  for (const [axes, stride] of [[across, 1], [down, columns]] as const) {
    let step = stride;
    for (const axis of axes) {
      const { codes } = axis;
      for (let i = 0; i < combos.rows; i++) place[i] = (place[i] ?? 0) + (codes[i] ?? 0) * step;
      step *= axis.values.length;
    }
  }
  return { columns, rows, across, down, place };
}

/** Counts of `values` in equal bins between two bounds; what lies outside falls into the outermost. */
export function binned(values: ArrayLike<number>, low: number, high: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  const width = (high - low) / bins || 1;
  for (let i = 0; i < values.length; i++) {
    const at = Math.max(0, Math.min(bins - 1, Math.floor(((values[i] ?? 0) - low) / width)));
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

export type Moved = { name: string; at: { value: string; row: number }[] };

/** For each parameter the rows where it alone differs from `params`, with the row of `params` itself; undefined when that is none. */
export function alone(combos: Combos, params: Readonly<Record<string, unknown>>): { row: number; moved: Moved[] } | undefined {
  const own = combos.parameters.map((one) => one.values.findIndex((value) => value === params[one.name]));
  let row = -1;
  const moved: Moved[] = combos.parameters.map((one) => ({ name: one.name, at: [] }));
  for (let i = 0; i < combos.rows; i++) {
    let other = -1;
    let apart = 0;
    for (let p = 0; p < own.length && apart < 2; p++) {
      if (combos.parameters[p]?.codes[i] === own[p]) continue;
      other = p;
      apart++;
    }
    if (apart === 0) row = i;
    else if (apart === 1) {
      const of = combos.parameters[other];
      moved[other]?.at.push({ value: String(of?.values[of.codes[i] ?? 0]), row: i });
    }
  }
  return row < 0 ? undefined : { row, moved: moved.filter((one) => one.at.length > 0) };
}
