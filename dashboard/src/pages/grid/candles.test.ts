import { expect, test } from 'vitest';
import { joined, type Candles } from './candles';

const rows = (t: number[], close: number, symbol = 'BTC-USDT'): Candles => ({ symbol, timeframe: '1m', t, open: t, high: t, low: t, close: t.map(() => close), volume: t });

test('what both have is told by the newer, what is older stays', () => {
  const all = joined(rows([1, 2, 3], 7), rows([3, 4], 9), 1);
  expect(all.t).toEqual([1, 2, 3, 4]);
  expect(all.close).toEqual([7, 7, 9, 9]);
});

test('neighbours are joined; across a hole only the newer counts', () => {
  expect(joined(rows([1, 2], 7), rows([3, 4], 9), 1).t).toEqual([1, 2, 3, 4]);
  expect(joined(rows([1, 2], 7), rows([9, 10], 9), 1).t).toEqual([9, 10]);
  expect(joined(undefined, rows([1], 9), 1).t).toEqual([1]);
});

test('another symbol begins anew, and never more than five thousand are kept', () => {
  expect(joined(rows([1, 2], 7, 'SOL-USDT'), rows([3], 9), 1).t).toEqual([3]);
  const many = Array.from({ length: 5_000 }, (_, i) => i);
  const all = joined(rows(many, 7), rows([5_000, 5_001], 9), 1);
  expect([all.t.length, all.t[0], all.t.at(-1), all.close.length]).toEqual([5_000, 2, 5_001, 5_000]);
});
