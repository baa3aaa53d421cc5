import { expect, test } from 'vitest';
import { lanes, scaled } from './brackets';

const rows = (...brackets: number[][]) => brackets.map((one) => ({ brackets: one }));

test('those who cannot be told apart share a bracket; one alone has none', () => {
  expect(lanes(rows([0], [0], [1]))).toEqual([['first'], ['last'], ['none']]);
});

test('overlapping brackets stand in lanes of their own, and a lane is used again', () => {
  const found = lanes(rows([0], [0, 1], [1], [2], [2]));
  expect(found).toEqual([['first', 'none'], ['last', 'first'], ['none', 'last'], ['first', 'none'], ['last', 'none']]);
});

test('who stands between two of a bracket without belonging to it is passed by dotted', () => {
  expect(lanes(rows([0], [], [0], [0]))).toEqual([['first'], ['inside'], ['member'], ['last']]);
});

test('zero, intervals and returns lie on one scale inside the picture', () => {
  const all = [{ net_return: 0.06, low: 0.01, high: 0.11 }, { net_return: -0.02, low: null, high: null }];
  const { at, zero } = scaled(all);
  expect(zero).toBeGreaterThan(at(-0.02));
  for (const value of [0.06, 0.01, 0.11, -0.02, 0]) expect(at(value)).toBeGreaterThan(0);
  expect(at(0.11)).toBeLessThan(1);
  expect(scaled([]).zero).toBeGreaterThan(0);
});
