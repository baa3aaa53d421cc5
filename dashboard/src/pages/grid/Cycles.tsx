/** Cycles that have ended, newest first and as far back as is recorded; one shows its stretch in the chart. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { read } from '../../api/client';
import type { Schemas } from '../../api/types';
import { Button, Card, Change, ProblemView, Skeleton } from '../../components/parts';
import { duration, moment } from '../../format/time';
import { useScope } from '../../live/scope';
import { useTexts } from '../../text/language';
import { useZone } from '../../text/settings';
import { words } from './texts';
import css from './Grid.module.css';

type Cycle = Schemas['TradeLine'];

const PAGE = 24;

/** A stretch of time as it stands in the address. */
export const spanOf = (one: Pick<Cycle, 'opened_ms' | 'ts_ms'>): string => `${one.opened_ms}-${one.ts_ms}`;

export function zoomOf(text: string | null): { from: number; to: number } | undefined {
  const found = /^(\d{1,16})-(\d{1,16})$/.exec(text ?? '');
  const [from, to] = [Number(found?.[1]), Number(found?.[2])];
  return found && from < to ? { from, to } : undefined;
}

export function Cycles({ strategy, symbol, chosen, onOpen }: { strategy: string; symbol: string; chosen: string; onOpen: (one: Cycle) => void }) {
  const t = useTexts(words);
  const zone = useZone();
  const { scope } = useScope();
  const asked = { scope, strategy, symbol, limit: PAGE };
  const found = useInfiniteQuery({
    queryKey: ['/api/trades', 'cycles', asked], initialPageParam: '', refetchInterval: 30_000,
    queryFn: ({ pageParam, signal }) => read('/api/trades', { query: { ...asked, ...(pageParam && { cursor: pageParam }) } }, signal),
    getNextPageParam: (last) => last.cursor ?? undefined,
  });
  const cycles = found.data?.pages.flatMap((page) => page.items);
  return (
    <Card title={t.cycles} className={css['cycles']} to={`/trades?strategy=${strategy}&symbol=${symbol}`}>
      {!cycles && (found.error ? <ProblemView error={found.error} retry={() => void found.refetch()} /> : <Skeleton lines={2} />)}
      {cycles?.length === 0 && <p className={css['hint']}>{t.noCycles} {t.noCyclesNext}</p>}
      {cycles && cycles.length > 0 && (
        <ul className={css['chips']}>
          {cycles.map((one) => (
            <li key={one.id}>
              <button type="button" aria-pressed={chosen === spanOf(one)} title={`${moment(one.opened_ms, zone)} – ${moment(one.ts_ms, zone)}${chosen === spanOf(one) ? ` (${t.zoomOut})` : ''}`} onClick={() => onOpen(one)}>
                <b>#{one.cycle}</b> {one.reason} · {one.levels} {t.levels} · <Change fraction={one.net_fraction} /> · {duration(one.held_ms)}
              </button>
            </li>
          ))}
          {found.hasNextPage && <li><Button small onClick={() => void found.fetchNextPage()} disabled={found.isFetchingNextPage}>{t.older}</Button></li>}
        </ul>
      )}
    </Card>
  );
}
