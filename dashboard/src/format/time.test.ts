import { describe, expect, test } from 'vitest';
import { age, ago, clock, duration, moment, utc } from './time';

const T = Date.UTC(2025, 9, 26, 0, 30); // half an hour before clocks go back in Zurich

describe('time', () => {
  test('a zone whose clocks change keeps its hours apart by the data, not by the label', () => {
    expect(clock(T, 'Europe/Zurich')).toBe('02:30');
    expect(clock(T + 3_600_000, 'Europe/Zurich')).toBe('02:30');
    expect(clock(T + 3_600_000, 'UTC')).toBe('01:30');
  });
  test('utc is what exports say', () => expect(utc(T)).toBe('2025-10-26 00:30:00 UTC'));
  test('a moment names its day', () => expect(moment(T, 'UTC')).toBe('26 Oct 00:30'));

  test.each([
    [400, '0 s'], [42_000, '42 s'], [125_000, '2 min 5 s'], [720_000, '12 min'], [11_520_000, '3 h 12 min'],
    [9 * 3_600_000, '9 h'], [4 * 86_400_000 + 3_600_000, '4 d 1 h'], [null, '–'],
  ])('%s ms last %s', (ms, text) => expect(duration(ms)).toBe(text));

  test('an age below ten seconds shows tenths', () => expect([0.42, 12, 200].map(age)).toEqual(['0.4 s', '12 s', '3 min 20 s']));

  test('relative below an hour, the clock above, the day from the next day on', () => {
    expect(ago(T - 120_000, T, 'UTC')).toBe('2 min ago');
    expect(ago(T - 7_200_000, T, 'UTC')).toBe('22:30');
    expect(ago(T - 90_000_000, T, 'UTC')).toBe('24 Oct 23:30');
    expect(ago(T, T, 'UTC')).toBe('now');
  });
});
