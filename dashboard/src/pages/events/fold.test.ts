import { describe, expect, it } from 'vitest';
import type { Event } from '../../api/types';
import { folded, joined, type Filter } from './fold';

const event = (n: number, changes: Partial<Event> = {}): Event => ({
  ts_ms: n, kind: 'alert_raised', strategy: '', symbol: 'DOGE-USDT', payload: { kind: 'stale' }, id: `e${n}`, severity: 'warning', source: 'feed', acknowledged: false, ...changes,
});
const ALL: Filter = { severity: '', kind: '', symbol: '', source: '', seen: false, fromMs: 0 };

describe('folding', () => {
  it('keeps the newest of neighbours that say the same, with their number and the first time', () => {
    const lines = folded([event(9), event(8), event(7, { symbol: 'BTC-USDT' }), event(6)]);
    expect(lines.map((line) => [line.event.id, line.count, line.firstMs])).toEqual([['e9', 2, 8], ['e7', 1, 7], ['e6', 1, 6]]);
    expect(lines[0]?.ids).toEqual(['e9', 'e8']);
  });
  it('never folds another weight, another alert or an acknowledged one into it', () => {
    const others = [event(3, { severity: 'critical' }), event(2, { payload: { kind: 'gap' } }), event(1, { payload: { kind: 'gap' }, acknowledged: true })];
    expect(folded([event(4), ...others])).toHaveLength(4);
  });
});

describe('joining', () => {
  it('shows each event once, live ones first, and hides what was acknowledged since', () => {
    const read = [event(3), event(2), event(1)];
    const live = [event(2, { acknowledged: true }), event(3), event(4), event(5, { severity: 'info' })];
    expect(joined(live, read, ALL).map((one) => one.id)).toEqual(['e5', 'e4', 'e3', 'e1']);
    expect(joined(live, read, { ...ALL, seen: true }).map((one) => one.id)).toEqual(['e5', 'e4', 'e3', 'e2', 'e1']);
    expect(joined(live, read, { ...ALL, severity: 'warning' }).map((one) => one.id)).toEqual(['e4', 'e3', 'e1']);
  });
  it('does not put what is older than the pages read before them', () => {
    expect(joined([event(1), event(9)], [event(5), event(4)], ALL).map((one) => one.id)).toEqual(['e9', 'e5', 'e4']);
  });
});
