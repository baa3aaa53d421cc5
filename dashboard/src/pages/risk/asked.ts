/** The calculator's inputs live in the address; this turns an address into a question, or says what lacks. */
import type { Schemas } from '../../api/types';

export type Asked = Schemas['TradeAsked'];

export const FIELDS = ['capital', 'leverage', 'symbol', 'side', 'entry', 'stop', 'stopAt', 'target', 'targetAt', 'risk', 'quantity'] as const;
export type Field = (typeof FIELDS)[number];

/** A figure as a user types it: comma or point, spaces and per cent ignored. Undefined when it is none. */
export function figure(text: string | null | undefined): number | undefined {
  const plain = (text ?? '').replace(/[\s%’']/g, '').replace(',', '.');
  if (!plain) return undefined;
  const value = Number(plain);
  return Number.isFinite(value) ? value : undefined;
}

export type Defaults = { capital?: number | undefined; symbol?: string | undefined; entry?: number | undefined };

/** The question of an address; undefined while something needed lacks. Per cents become fractions. */
export function askedOf(query: URLSearchParams, defaults: Defaults): Asked | undefined {
  const get = (name: Field) => figure(query.get(name));
  const capital = get('capital') ?? defaults.capital;
  const symbol = query.get('symbol') ?? defaults.symbol;
  const entry = get('entry') ?? defaults.entry;
  const stopAt = get('stopAt');
  const stop = get('stop') ?? (stopAt === undefined ? 25 : undefined);
  if (!capital || !symbol || !entry) return undefined;
  const [targetAt, target, risk, quantity] = [get('targetAt'), get('target'), get('risk'), get('quantity')];
  return {
    capital, symbol, entry, leverage: get('leverage') ?? 3, side: query.get('side') === 'SHORT' ? 'SHORT' : 'LONG',
    ...(stopAt === undefined ? { stop_fraction: share(stop ?? 25) } : { stop_price: stopAt }),
    ...(targetAt !== undefined ? { target_price: targetAt } : target !== undefined ? { target_fraction: share(target) } : {}),
    ...(risk !== undefined && { risk_fraction: share(risk) }),
    ...(quantity !== undefined && { quantity }),
  };
}

/** 12.5 % is 0.125, not 0.125000001. */
const share = (percent: number): number => Number((percent / 100).toPrecision(12));
