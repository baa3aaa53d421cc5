import { expect, test } from 'vitest';
import type { Position } from '../../api/types';
import { byUrgency, problem, summed } from './order';

const held = (symbol: string, given: Partial<Position>): Position => ({ symbol, strategy: 'dca', stop: 1, stop_distance: -0.2, unprotected_ms: 0, notional: 100, net: 1, unrealised: 2, ...given }) as Position;

test('without a stop comes before nobody’s, before the nearest to its stop; the longest without it first', () => {
  const far = held('FAR', { stop_distance: -0.5 });
  const near = held('NEAR', { stop_distance: -0.1 });
  const foreign = held('FOREIGN', { strategy: '' });
  const bare = held('BARE', { stop: null, stop_distance: null, unprotected_ms: 300 });
  const longer = held('LONGER', { stop: null, stop_distance: null, unprotected_ms: 900 });
  expect([far, bare, near, foreign, longer].sort(byUrgency).map((p) => p.symbol)).toEqual(['LONGER', 'BARE', 'FOREIGN', 'NEAR', 'FAR']);
  expect([far, bare, foreign].map(problem)).toEqual([false, true, true]);
});

test('a group whose one result is unknown has none', () => {
  expect(summed([held('A', {}), held('B', { net: null })])).toEqual({ notional: 200, result: 3 });
  expect(summed([held('A', {}), held('B', { net: null, unrealised: null })]).result).toBeNull();
});
