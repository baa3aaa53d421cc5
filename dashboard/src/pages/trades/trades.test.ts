import { expect, test } from 'vitest';
import { placed, type Step } from './bars';
import { framed } from './frame';

const steps = (...amounts: [Step['name'], number][]): Step[] => {
  let after = 0;
  return amounts.map(([name, amount]) => {
    after = name === 'gross' || name === 'net' || name === 'at_paper_prices' ? amount : after + amount;
    return { name, amount, after };
  });
};

test('what was paid hangs between what was and what is left', () => {
  const { bars, zero } = placed(steps(['gross', 20], ['fees', -4], ['funding', 1], ['net', 17]));
  expect(zero).toBe(0);
  expect(bars.map((bar) => [bar.left, bar.width])).toEqual([[0, 1], [0.8, 0.2], [0.8, expect.closeTo(0.05)], [0, 0.85]]);
});

test('a loss stands left of zero, whatever sign the gross had', () => {
  const { bars, zero } = placed(steps(['gross', 5], ['fees', -10], ['funding', 0], ['net', -5]));
  expect(zero).toBe(0.5);
  expect(bars.at(-1)).toMatchObject({ left: 0, width: 0.5, total: true });
  expect(bars[1]).toMatchObject({ left: 0, width: 1, total: false });
});

test('nothing at all divides by nothing', () => {
  expect(placed(steps(['gross', 0], ['net', 0])).bars.every((bar) => Number.isFinite(bar.left) && bar.width === 0)).toBe(true);
});

const HOUR = 3_600_000;
test.each([
  ['1h', 20 * HOUR, '1h'],
  ['1h', HOUR / 2, '5m'],
  ['4h', 2 * HOUR, '15m'],
  ['1h', 900 * HOUR, '4h'],
  ['1m', 0, '1m'],
  ['7m', 3 * HOUR, '1m'],
])('a cycle decided on %s that was open for %d ms is shown on %s', (timeframe, held, shown) => {
  const frame = framed(100 * 24 * HOUR, 100 * 24 * HOUR + held, timeframe);
  expect(frame.timeframe).toBe(shown);
  expect(frame.from).toBeLessThan(100 * 24 * HOUR);
  expect(frame.to).toBeGreaterThan(100 * 24 * HOUR + held);
  expect((frame.to - frame.from) / frame.step).toBeLessThanOrEqual(1000);
});
