/** Repeats folded into one line, and live events joined with those that were read. */
import type { Event } from '../../api/types';

export type Folded = { event: Event; count: number; firstMs: number; ids: readonly string[] };

const topicOf = (event: Event): string => {
  const { kind, payload } = event;
  const what = kind === 'alert_raised' ? payload['kind'] : kind === 'target_refused' ? payload['code'] : kind === 'command_given' ? `${String(payload['kind'])} ${String(payload['outcome'])}` : '';
  return [kind, what, event.symbol, event.strategy, event.severity, event.source].join('|');
};

/** Neighbours (newest first) that say the same of the same; the newest of them stands for all. */
export function folded(events: readonly Event[]): Folded[] {
  const lines: { event: Event; topic: string; count: number; firstMs: number; ids: string[] }[] = [];
  for (const event of events) {
    const topic = topicOf(event);
    const last = lines.at(-1);
    if (last?.topic === topic && last.event.acknowledged === event.acknowledged) {
      last.count += 1;
      last.firstMs = event.ts_ms;
      last.ids.push(event.id);
    } else lines.push({ event, topic, count: 1, firstMs: event.ts_ms, ids: [event.id] });
  }
  return lines.map(({ event, count, firstMs, ids }) => ({ event, count, firstMs, ids }));
}

export type Filter = { severity: string; kind: string; symbol: string; source: string; seen: boolean; fromMs: number };

/** What the server does with a filter, for events that come live. */
export const passes = (event: Event, filter: Filter): boolean =>
  (!filter.severity || event.severity === filter.severity) && (!filter.kind || event.kind === filter.kind)
  && (!filter.symbol || event.symbol === filter.symbol) && (!filter.source || event.source.split(':')[0] === filter.source)
  && (filter.seen || !event.acknowledged) && event.ts_ms >= filter.fromMs && event.kind !== 'events_acknowledged';

/** Live ones (oldest first) before those that were read (newest first), each once. What is live knows best. */
export function joined(live: readonly Event[], read: readonly Event[], filter: Filter): Event[] {
  const newest = [...live].reverse();
  const known = new Map(newest.map((event) => [event.id, event]));
  const there = new Set(read.map((event) => event.id));
  const kept = read.map((event) => known.get(event.id) ?? event).filter((event) => filter.seen || !event.acknowledged);
  const oldest = read.at(-1)?.ts_ms ?? -Infinity;
  return [...newest.filter((event) => !there.has(event.id) && passes(event, filter) && (read.length === 0 || event.ts_ms >= oldest)), ...kept];
}
