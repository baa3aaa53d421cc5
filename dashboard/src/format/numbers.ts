/** Figures as words. Null and what is not finite become a dash; minus is U+2212; nothing shows as −0. */

export const NONE = '–';
const MINUS = '−';

type Figure = number | null | undefined;

const known = (value: Figure): value is number => typeof value === 'number' && Number.isFinite(value);

const formats = new Map<number, Intl.NumberFormat>();

function format(decimals: number): Intl.NumberFormat {
  let found = formats.get(decimals);
  if (!found) {
    found = new Intl.NumberFormat('en-GB', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    formats.set(decimals, found);
  }
  return found;
}

function written(value: number, decimals: number, sign: boolean): string {
  const text = format(decimals).format(Math.abs(value));
  if (!/[1-9]/.test(text)) return text;
  return `${value < 0 ? MINUS : sign ? '+' : ''}${text}`;
}

/** A plain figure with so many decimals. */
export const plain = (value: Figure, decimals = 2): string => (known(value) ? written(value, decimals, false) : NONE);

/** With its sign, also a plus. */
export const signed = (value: Figure, decimals = 2): string => (known(value) ? written(value, decimals, true) : NONE);

/** Money in USDT: two decimals, signed. */
export const money = (value: Figure): string => signed(value, 2);

/** A fraction of 1 as percent. */
export const percent = (fraction: Figure, decimals = 2): string =>
  known(fraction) ? `${written(fraction * 100, decimals, false)} %` : NONE;

/** A fraction of 1 as percent with its sign. */
export const change = (fraction: Figure, decimals = 2): string =>
  known(fraction) ? `${written(fraction * 100, decimals, true)} %` : NONE;

/** How many decimals a step of an instrument has: 0.0001 has 4. */
export function decimalsOf(step: number): number {
  if (!(step > 0)) return 0;
  const [, fraction = '', exponent] = /^(?:\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(step)) ?? [];
  return Math.max(0, fraction.length - Number(exponent ?? 0));
}

/** Decimals to show of a price whose tick is not known: as many as leave five significant digits. */
export function guessedDecimals(price: number): number {
  if (!known(price) || price === 0) return 2;
  return Math.min(8, Math.max(0, 4 - Math.floor(Math.log10(Math.abs(price)))));
}

/** A price with all decimals of its tick, never fewer. */
export function price(value: Figure, tick?: number | null): string {
  if (!known(value)) return NONE;
  return written(value, tick && tick > 0 ? decimalsOf(tick) : guessedDecimals(value), false);
}

/** A base quantity with all decimals of its step. */
export const quantity = (value: Figure, step?: number | null): string => price(value, step);

/** Hundredths of a percent, one decimal. */
export const bps = (fraction: Figure): string => (known(fraction) ? `${written(fraction * 1e4, 1, true)} bps` : NONE);

/** For axes only: 12.3 k. */
export function short(value: Figure): string {
  if (!known(value)) return NONE;
  const size = Math.abs(value);
  for (const [unit, name] of [[1e9, 'G'], [1e6, 'M'], [1e3, 'k']] as const) {
    if (size >= unit) return `${written(value / unit, size / unit < 100 ? 1 : 0, false)} ${name}`;
  }
  return written(value, size < 10 ? 2 : 0, false);
}

/** A share from 0 to 1 with two decimals; `<0.01` and `>0.99` at the ends. */
export function probability(value: Figure): string {
  if (!known(value)) return NONE;
  if (value > 0 && value < 0.01) return '<0.01';
  if (value < 1 && value > 0.99) return '>0.99';
  return written(value, 2, false);
}

export type Tone = 'up' | 'down' | 'flat';

/** Which side of zero a result is on; within ±0.05 % of `of` it has no side. */
export function tone(value: Figure, of?: Figure): Tone {
  if (!known(value) || value === 0) return 'flat';
  if (known(of) && of !== 0 && Math.abs(value / of) <= 0.0005) return 'flat';
  return value > 0 ? 'up' : 'down';
}
