/** The lines of Limits: what holds for the whole account, and whatever of the others is near. */
import type { Schemas } from '../../api/types';

export type Line = { key: string; code: string; subject: string; used: number; limit: number; unit: 'fraction' | 'usdt' | 'positions'; over: boolean };

type Report = Pick<Schemas['RiskReport'], 'limits' | 'switches'>;

/** Always shown, in this order. */
const ALWAYS = ['drawdown_24h', 'daily_loss', 'margin_use', 'max_positions'];
/** Of a limit from which on any other is shown too. */
const NEAR = 0.5;

export function linesOf({ limits, switches }: Report): Line[] {
  const all: Line[] = [
    ...limits.filter((one) => one.code !== 'min_free_margin').map((one) => ({ ...one, key: `${one.code}:${one.subject}`, over: one.reached })),
    ...switches.map((one) => ({ key: one.name, code: one.name.split(':')[0] ?? '', subject: one.strategy, used: one.used, limit: one.limit, unit: 'fraction' as const, over: one.tripped })),
  ].flatMap((one) => (one.used !== null && one.limit !== null && one.limit > 0 ? [{ ...one, used: Math.max(0, one.used), limit: one.limit }] : []));
  const main = ALWAYS.flatMap((code) => all.filter((one) => one.code === code && !one.subject));
  const rest = all.filter((one) => !main.includes(one) && (one.over || one.code === 'kill_global' || one.used >= NEAR * one.limit));
  return [...main, ...rest.sort((a, b) => b.used / b.limit - a.used / a.limit)];
}
