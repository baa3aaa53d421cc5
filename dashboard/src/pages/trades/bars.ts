/** Where the bars of a waterfall stand, as shares of the whole width. */
import type { Schemas } from '../../api/types';

export type Step = Schemas['Step'];
export type Placed = { step: Step; left: number; width: number; total: boolean };

const TOTALS: readonly string[] = ['gross', 'net', 'at_paper_prices'];

/** Totals stand on zero, the others hang between what was and what is left. */
export function placed(steps: readonly Step[]): { bars: Placed[]; zero: number } {
  const ends = steps.map((step) => {
    const total = TOTALS.includes(step.name);
    return { step, total, from: total ? 0 : step.after - step.amount, to: step.after };
  });
  const low = Math.min(0, ...ends.flatMap((one) => [one.from, one.to]));
  const high = Math.max(0, ...ends.flatMap((one) => [one.from, one.to]));
  const range = high - low || 1;
  return {
    zero: (0 - low) / range,
    bars: ends.map(({ step, total, from, to }) => ({ step, total, left: (Math.min(from, to) - low) / range, width: Math.abs(to - from) / range })),
  };
}
