/** In which order positions stand: problems of protection first, then those nearest to their stop. */
import type { Position } from '../../api/types';

type Held = Omit<Position, 'age_s'>;

export const GROUPINGS = ['none', 'strategy', 'group'] as const;

/** A position that wants a look: no stop on the exchange, or nobody's. */
export const problem = (p: Held): boolean => p.stop === null || !p.strategy;

const rank = (p: Held): number => (p.stop === null ? 0 : p.strategy ? 2 : 1);

export const byUrgency = (a: Held, b: Held): number =>
  rank(a) - rank(b) || b.unprotected_ms * Number(b.stop === null) - a.unprotected_ms * Number(a.stop === null)
  || Math.abs(a.stop_distance ?? 9) - Math.abs(b.stop_distance ?? 9) || a.symbol.localeCompare(b.symbol);

/** Of several together; the result is null where one of them is not known. */
export function summed(rows: readonly Held[]): { notional: number; result: number | null } {
  const results = rows.map((p) => p.net ?? p.unrealised);
  return {
    notional: rows.reduce((sum, p) => sum + (p.notional ?? 0), 0),
    result: results.some((one) => one === null) ? null : results.reduce<number>((sum, one) => sum + (one ?? 0), 0),
  };
}
