/** The present of this page: the snapshot of `/api/now` until the topics have come, then the topics. */
import { useGet } from '../../api/hooks';
import type { EquityNow, Event, Health, Position, Status, Upcoming } from '../../api/types';
import { useTopic, useValue } from '../../live/hooks';
import type { Scope } from '../../live/scope';

export type Held = Omit<Position, 'age_s'>;

export type Present = {
  status: Status | undefined;
  positions: readonly Held[];
  equity: EquityNow | undefined;
  next: Upcoming | undefined;
  events: readonly (readonly [key: string, event: Event])[];
  health: Health | undefined;
  known: boolean;
  error: unknown;
  refetch: () => unknown;
};

const EVENTS = 20;

export function usePresent(scope: Scope): Present {
  const first = useGet('/api/now', { everyMs: 60_000 });
  const status = useValue('status', 'now') ?? first.data?.health;
  const pushed = useTopic('positions');
  const equity = useValue('equity', scope) ?? first.data?.equity.find((one) => one.scope === scope);
  const next = useValue('next', 'now') ?? first.data?.next;
  const told = useTopic('events');
  const positions = (pushed ? [...pushed.values()] : (first.data?.positions ?? [])).filter((p) => p.scope === scope);
  const events = told
    ? [...told.entries()].slice(-EVENTS).reverse()
    : (first.data?.events ?? []).map((event, i) => [`first${i}`, event] as const);
  return {
    status, positions: worstFirst(positions), equity, next, events, health: first.data?.health, known: first.data !== undefined || pushed !== undefined,
    error: first.error, refetch: first.refetch,
  };
}

/** Those without a stop first, then those nearest to it. */
export const worstFirst = (positions: readonly Held[]): Held[] =>
  [...positions].sort((a, b) => room(a) - room(b) || a.symbol.localeCompare(b.symbol));

const room = (p: Held): number => (p.stop === null ? -1 : Math.abs(p.stop_distance ?? Number.POSITIVE_INFINITY));

/** What open positions would bring, gross and after what closing costs; null where one of them is not known. */
export function openResult(positions: readonly Held[]): { gross: number; net: number } | null {
  let gross = 0;
  let net = 0;
  for (const p of positions) {
    if (p.unrealised === null) return null;
    gross += p.unrealised;
    net += p.net ?? p.unrealised;
  }
  return { gross, net };
}
