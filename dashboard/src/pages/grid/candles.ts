/** Candles of a chart: the newest are read again and again, older ones once, when the reader scrolls there. */
import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { read, type Refusal } from '../../api/client';
import { queries } from '../../api/hooks';
import type { Schemas } from '../../api/types';

export type Candles = Schemas['CandleColumns'];

const PAGE = 500;
const MOST = 5_000;

const COLUMNS = ['t', 'open', 'high', 'low', 'close', 'volume'] as const;

/** Both in order of time; what both have is told by the newer. With a hole between them only the newer counts. */
export function joined(before: Candles | undefined, after: Candles, stepMs: number): Candles {
  const first = after.t[0];
  if (!before || first === undefined || before.symbol !== after.symbol || before.timeframe !== after.timeframe) return after;
  const end = before.t.findIndex((t) => t >= first);
  const kept = end < 0 ? before.t.length : end;
  const last = before.t[kept - 1];
  if (last === undefined || (end < 0 && first - last > stepMs)) return after;
  const from = Math.max(0, kept + after.t.length - MOST);
  const found = { ...after };
  for (const name of COLUMNS) found[name] = [...before[name].slice(from, kept), ...after[name]];
  return found;
}

type Timeframe = '1m' | '5m' | '15m' | '1h' | '4h' | '1d';

/** What is known grows with every reading, at either end. */
export function useCandles(symbol: string, timeframe: Timeframe, stepMs: number) {
  const name = ['/api/candles', 'all', symbol, timeframe];
  const candles = useQuery<Candles, Refusal>({
    queryKey: name, refetchInterval: 5_000,
    queryFn: async ({ signal }) => {
      const newest = await read('/api/candles', { query: { symbol, timeframe, limit: PAGE } }, signal);
      return joined(queries.getQueryData<Candles>(name), newest, stepMs); // with the older ones that may have come meanwhile
    },
  });
  const asked = useRef('');
  const oldest = candles.data?.t[0];
  const full = (candles.data?.t.length ?? 0) >= MOST;
  const older = () => {
    const question = `${symbol} ${timeframe} ${oldest ?? ''}`;
    if (oldest === undefined || full || asked.current === question) return; // asked already: nothing before it is known
    asked.current = question;
    read('/api/candles', { query: { symbol, timeframe, to_ms: oldest, limit: PAGE } }).then(
      (before) => before.t.length && queries.setQueryData<Candles>(name, (now) => now && joined(before, now, Infinity)),
      () => (asked.current = ''),
    );
  };
  return { candles, older };
}
