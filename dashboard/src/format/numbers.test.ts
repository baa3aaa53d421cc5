import { describe, expect, test } from 'vitest';
import { bps, change, decimalsOf, money, plain, price, probability, short, tone } from './numbers';

describe('numbers', () => {
  test.each([
    [84.12, '+84.12'], [-4.4249, '−4.42'], [0, '0.00'], [-0.001, '0.00'], [null, '–'], [NaN, '–'], [Infinity, '–'],
    [12345.678, '+12,345.68'],
  ])('money(%s) is %s', (value, text) => expect(money(value)).toBe(text));

  test.each([
    [0.08123, 0.00001, '0.08123'], [61540, 0.1, '61,540.0'], [3012.5, 0.01, '3,012.50'], [7, 1, '7'],
    [61204.3, undefined, '61,204'], [0.08123, undefined, '0.081230'], [1e-7, 1e-7, '0.0000001'],
  ])('price(%s, tick %s) is %s', (value, tick, text) => expect(price(value, tick)).toBe(text));

  test.each([[1, 0], [0.1, 1], [0.05, 2], [1e-7, 7], [2.5e-7, 8], [10, 0], [0, 0]])(
    'a step of %s has %s decimals',
    (step, decimals) => expect(decimalsOf(step)).toBe(decimals),
  );

  test('a percentage has its sign and never a negative zero', () => {
    expect(change(0.0081)).toBe('+0.81 %');
    expect(change(-0.00001)).toBe('0.00 %');
    expect(change(-0.25, 1)).toBe('−25.0 %');
  });

  test('a probability never claims certainty', () => {
    expect([0, 0.001, 0.97, 0.999, 1].map(probability)).toEqual(['0.00', '<0.01', '0.97', '>0.99', '1.00']);
  });

  test('axes are short', () => {
    expect([12_345, 999, 1.5, 2_500_000, -1500].map(short)).toEqual(['12.3 k', '999', '1.50', '2.5 M', '−1.5 k']);
  });

  test('a result near nothing has no side', () => {
    expect(tone(0.4, 1000)).toBe('flat');
    expect(tone(0.6, 1000)).toBe('up');
    expect(tone(-0.6, 1000)).toBe('down');
    expect(tone(null)).toBe('flat');
  });

  test('slippage is in hundredths of a percent', () => expect(bps(0.00004)).toBe('+0.4 bps'));
  test('plain has no plus', () => expect(plain(3)).toBe('3.00'));
});
