import { expect, test } from 'vitest';
import { look, pointsOf } from '../../charts/series';
import { cell, contrast } from './ramp';

test.each([-0.5, -0.1, -0.06, -0.03, -0.01, 0, 0.001, 0.004, 0.03, 0.07, 0.2])('the number on a return of %d can be read', (fraction) => {
  const { background, color } = cell(fraction);
  expect(contrast(background, color)).toBeGreaterThanOrEqual(4.5);
});

test('gain and loss of one size differ, and nothing has no side', () => {
  expect(cell(0.03).background).not.toBe(cell(-0.03).background);
  expect(cell(0.001).background).toBe(cell(-0.001).background);
});

test('one point a second, the last of those that share one', () => {
  expect(pointsOf([1000, 1400, 2000], [1, 2, 3])).toEqual([{ time: 1, value: 2 }, { time: 2, value: 3 }]);
});

test('six curves differ by colour, and neighbours by dash too', () => {
  const looks = [0, 1, 2, 3, 4, 5].map(look);
  expect(new Set(looks.map((one) => one.colour)).size).toBe(6);
  expect(looks[0]?.line).not.toBe(looks[1]?.line);
});
