import { describe, expect, it } from 'vitest';
import { askedOf, figure } from './asked';

describe('a figure as typed', () => {
  it.each([['10 000', 10_000], ['0,25', 0.25], ['25 %', 25], ['61’540.5', 61_540.5], ['', undefined], ['x', undefined], ['1e999', undefined]])('%s', (text, value) => {
    expect(figure(text)).toBe(value);
  });
});

describe('an address as a question', () => {
  const defaults = { capital: 10_000, symbol: 'BTC-USDT', entry: 60_000 };
  it('takes what lacks from what is known', () => {
    expect(askedOf(new URLSearchParams(), defaults)).toEqual({ capital: 10_000, symbol: 'BTC-USDT', entry: 60_000, leverage: 3, side: 'LONG', stop_fraction: 0.25 });
  });
  it('takes the stop as a price when it is one, and never both', () => {
    const asked = askedOf(new URLSearchParams('stopAt=50000&side=SHORT&risk=2.5&target=10'), defaults);
    expect(asked).toMatchObject({ stop_price: 50_000, side: 'SHORT', risk_fraction: 0.025, target_fraction: 0.1 });
    expect(asked).not.toHaveProperty('stop_fraction');
  });
  it('asks nothing while something needed lacks', () => {
    expect(askedOf(new URLSearchParams('capital=5'), { symbol: 'BTC-USDT' })).toBeUndefined();
  });
});
