import { expect, test } from 'vitest';
import { linesOf } from './limits';

const limit = (code: string, used: number | null, of: number | null, subject = '', reached = false) => ({ code, key: code, subject, used, limit: of, unit: 'fraction' as const, reached });
const kill = (name: string, used: number | null, of: number | null, tripped = false) => ({ name, strategy: name.split(':')[1] ?? '', used, limit: of, tripped, since_ms: null, reason: '' });

test('drawdown, the day and margin come first, whatever the order they are told in', () => {
  const lines = linesOf({ limits: [limit('margin_use', 0.1, 0.7), limit('risk_per_trade', 0.1, 0.7, 'BTC-USDT'), limit('drawdown_24h', 0.01, 0.08), limit('daily_loss', 0, 0.05)], switches: [] });
  expect(lines.map((one) => one.code)).toEqual(['drawdown_24h', 'daily_loss', 'margin_use']);
});

test('what is near its limit or over it is shown too, the nearest first', () => {
  const lines = linesOf({ limits: [limit('a', 0.35, 0.7, 'x'), limit('b', 0.1, 0.7, 'x'), limit('c', 0.1, 0.7, 'x', true)], switches: [kill('kill_runner:dca', 0.04, 0.05), kill('kill_runner:far', 0.01, 0.05)] });
  expect(lines.map((one) => one.key)).toEqual(['kill_runner:dca', 'a:x', 'c:x']);
});

test('a limit without a figure makes no line, and free margin, which is a floor, none either', () => {
  expect(linesOf({ limits: [limit('margin_use', null, 0.7), limit('daily_loss', 0.1, null), limit('min_free_margin', 50, 100)], switches: [kill('kill_real', null, null, true)] })).toEqual([]);
});
