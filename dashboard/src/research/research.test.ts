/** The binary body is read as it was written; every combination has a cell of its own; zero is the middle. */
import { describe, expect, it } from 'vitest';
import { colour, ink, step } from './colours';
import { alone, binned, nested, parsed } from './combos';

function body(rows: number, parameters: [string, number[], number[]][], figure: number[]): ArrayBuffer {
  const statistics = { low: 0, p2: 0, p25: 0, median: 0, p75: 0, p98: 0, high: 0, positive: 0 };
  const columns = [...parameters.map(([name, values]) => ({ name, type: 'uint16', values })), { name: 'out.sharpe', type: 'float32', statistics }];
  let header = JSON.stringify({ rows, window: null, columns });
  header += ' '.repeat((4 - (header.length % 4)) % 4);
  const column = Math.ceil((rows * 2) / 4) * 4;
  const packed = new ArrayBuffer(4 + header.length + parameters.length * column + rows * 4);
  new DataView(packed).setUint32(0, header.length, true);
  new Uint8Array(packed, 4, header.length).set(new TextEncoder().encode(header));
  let at = 4 + header.length;
  for (const [, , codes] of parameters) {
    new Uint16Array(packed, at, rows).set(codes);
    at += column;
  }
  new Float32Array(packed, at, rows).set(figure);
  return packed;
}

const SMALL = body(3, [['a', [5, 7, 10], [0, 1, 2]], ['b', [0.1, 0.2], [1, 0, 1]]], [1.5, -2, 0]);

describe('the binary body', () => {
  it('gives parameters and figures, whatever the padding', () => {
    const read = parsed(SMALL);
    expect(read.parameters.map((one) => [one.name, one.values, [...one.codes]])).toEqual([['a', [5, 7, 10], [0, 1, 2]], ['b', [0.1, 0.2], [1, 0, 1]]]);
    expect([...(read.figures.get('out.sharpe')?.values ?? [])]).toEqual([1.5, -2, 0]);
  });

  it('gives every combination of a full grid a cell of its own, and no cell is left', () => {
    const sizes = [4, 3, 5, 2];
    const rows = sizes.reduce((a, b) => a * b);
    const digits = (i: number) => sizes.map((size, k) => Math.floor(i / sizes.slice(k + 1).reduce((a, b) => a * b, 1)) % size);
    const all = Array.from({ length: rows }, (_, i) => digits(i));
    const read = parsed(body(rows, sizes.map((size, k) => [`p${k}`, Array.from({ length: size }, (_, v) => v), all.map((one) => one[k] ?? 0)]), new Array<number>(rows).fill(0)));
    const found = nested(read, 'p1', 'p2');
    expect(found.columns * found.rows).toBe(rows);
    expect(new Set(found.place).size).toBe(rows);
    expect(found.across[0]?.name).toBe('p1');
    expect(found.down[0]?.name).toBe('p2');
  });
});

describe('one parameter moved alone', () => {
  const grid = parsed(body(4, [['a', [5, 7], [0, 0, 1, 1]], ['b', [0.1, 0.2], [0, 1, 0, 1]]], [1, 2, 3, 4]));

  it('names the rows that differ from what is deployed in nothing else', () => {
    expect(alone(grid, { a: 7, b: 0.1 })).toEqual({ row: 2, moved: [{ name: 'a', at: [{ value: '5', row: 0 }] }, { name: 'b', at: [{ value: '0.2', row: 3 }] }] });
  });

  it('knows nothing of what is not in the grid', () => {
    expect(alone(grid, { a: 6, b: 0.1 })).toBeUndefined();
    expect(alone(grid, {})).toBeUndefined();
  });
});

describe('colours', () => {
  it('put zero in the middle however lopsided the range is', () => {
    expect(step({ kind: 'diverging', low: -0.1, high: 3 }, 0)).toBe(128);
    expect(colour({ kind: 'diverging', low: -1, high: 1 }, -1)).toEqual([255, 179, 102]);
    expect(colour({ kind: 'diverging', low: -1, high: 1 }, 99)).toEqual([122, 211, 255]);
  });

  it('have a text colour that can be read on each of their steps', () => {
    const linear = (c: number) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
    const light = (rgb: readonly number[]) => 0.2126 * linear(rgb[0] ?? 0) + 0.7152 * linear(rgb[1] ?? 0) + 0.0722 * linear(rgb[2] ?? 0);
    for (const kind of ['diverging', 'sequential'] as const) {
      for (let i = 0; i <= 100; i++) {
        const shade = colour({ kind, low: kind === 'diverging' ? -1 : 0, high: 1 }, kind === 'diverging' ? i / 50 - 1 : i / 100);
        const [a, b] = [light(shade), ink(shade) === '#ffffff' ? 1 : 0];
        expect((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)).toBeGreaterThan(4.5);
      }
    }
  });
});

it('counts every value in some bin', () => {
  expect(binned([-9, 0, 0.5, 1, 9], 0, 1, 2)).toEqual([2, 3]);
});
