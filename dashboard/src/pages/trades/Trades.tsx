/** Closed trades: filters in the address, sums of everything that matches by the server, pages as one scrolls. */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { lazy, useCallback, useMemo } from 'react';
import { Link, useLocation, useParams, useSearchParams } from 'wouter';
import { address, read } from '../../api/client';
import type { QueryOf, Schemas } from '../../api/types';
import { Button, Card, Choice, Empty, ProblemView, Result, Select, Side, Skeleton, Term, baseOf } from '../../components/parts';
import { Table, usePhone, type Column } from '../../components/Table';
import { change, money, percent, plain, signed } from '../../format/numbers';
import { day, duration, moment, utc } from '../../format/time';
import { useClocks, useLive, useSelected } from '../../live/hooks';
import { useScope, type Scope } from '../../live/scope';
import { fill, useTexts } from '../../text/language';
import { useZone } from '../../text/settings';
import { EXITS, words } from './texts';
import css from './Trades.module.css';

const One = lazy(() => import('./One'));

type Line = Schemas['TradeLine'];
type Asked = QueryOf<'/api/trades'>;

const DAY = 86_400_000;
const SPANS = ['1', '7', '30', '365'] as const;
const PAGE = 200;

export default function Trades() {
  const { id } = useParams<{ id?: string }>();
  return id ? <One key={id} id={id} /> : <All />;
}

function All() {
  const t = useTexts(words);
  const zone = useZone();
  const live = useLive();
  const phone = usePhone();
  const { scope } = useScope();
  const [, navigate] = useLocation();
  const { filter, put, clear, query } = useFilter(scope);
  const closed = useSelected('runners', (all) => [...all.values()].reduce((sum, one) => sum + (one.money.find((m) => m.scope === scope)?.trades ?? 0), 0));
  const found = useInfiniteQuery({
    queryKey: ['/api/trades', query, closed],
    queryFn: ({ pageParam, signal }) => read('/api/trades', { query: { ...query, limit: PAGE, ...(pageParam && { cursor: pageParam }) } }, signal),
    initialPageParam: '', getNextPageParam: (last) => last.cursor ?? undefined, placeholderData: keepPreviousData,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const columns = useColumns(zone, scope);
  const first = found.data?.pages[0];
  const facets = first?.facets;
  const filtered = Object.keys(query).length > 1;
  const file = (format: string) => address('/api/trades/export', {}, { ...query, format });

  return (
    <div className={css['page']}>
      <div className={css['tools']}>
        <h1 className="visually-hidden">{t.title}</h1>
        <Select label={t.strategy} value={filter.strategy} onChange={(v) => put('strategy', v)} options={[['', t.anyStrategy], ...also(facets?.strategies, filter.strategy).map((v) => [v, v] as const)]} />
        <Select label={t.symbol} value={filter.symbol} onChange={(v) => put('symbol', v)} options={[['', t.anySymbol], ...also(facets?.symbols, filter.symbol).map((v) => [v, baseOf(v)] as const)]} />
        <Select label={t.side} value={filter.side} onChange={(v) => put('side', v)} options={[['', t.anySide], ['1', t.long], ['-1', t.short]]} />
        <Select label={t.exit} value={filter.exit} onChange={(v) => put('exit', v)} options={[['', t.anyExit], ...EXITS.map((v) => [v, v] as const)]} />
        {filter.from ? (
          <span className={css['between']}>{fill(t.between, { from: day(filter.from, zone), to: filter.to ? day(filter.to, zone) : '…' })}</span>
        ) : (
          <Choice label={t.span} value={filter.days} onChange={(v) => put('days', v)} options={[...SPANS.map((v) => [v, v === '365' ? '1 y' : fill(t.days, { n: v })] as const), ['', t.any]]} />
        )}
        {filtered && <Button small kind="bare" onClick={clear}>{t.clear}</Button>}
        {rows.length > 0 && (
          <span className={css['files']}>{t.export} <a href={file('csv')} download>CSV</a> <a href={file('parquet')} download>Parquet</a></span>
        )}
      </div>
      {first?.sums && first.sums.trades > 0 && <Sums of={first.sums} />}
      <Card flush stale={!live}>
        {found.error && !found.data ? <ProblemView error={found.error} retry={() => void found.refetch()} /> : !found.data ? <Skeleton lines={10} /> : (
          <Table
            label={t.title} rows={rows} columns={columns} keyOf={(row) => row.id} onOpen={(row) => navigate(`/trades/${row.id}${location.search}`)} onEnd={more}
            height={phone ? 'calc(100vh - 330px)' : 'calc(100vh - 196px)'} empty={<None filtered={filtered} />}
          />
        )}
      </Card>
    </div>
  );
}

type Filter = { strategy: string; symbol: string; side: string; exit: string; days: string; from: number; to: number };

/** What the address says, how to change it, and the question for the server. */
function useFilter(scope: Scope): { filter: Filter; put: (name: string, value: string) => void; clear: () => void; query: Asked } {
  const [asked, setAsked] = useSearchParams();
  const { exchange } = useClocks();
  const get = (name: string) => asked.get(name) ?? '';
  const filter: Filter = {
    strategy: get('strategy'), symbol: get('symbol'), side: ['1', '-1'].includes(get('side')) ? get('side') : '', exit: EXITS.find((one) => one === get('exit')) ?? '',
    days: SPANS.find((one) => one === get('days')) ?? '', from: Number(get('from')) || 0, to: Number(get('to')) || 0,
  };
  // A span begins at a whole hour, so that the question stays the same between two readings.
  const begin = filter.from || (filter.days && exchange ? Math.floor((exchange - Number(filter.days) * DAY) / 3_600_000) * 3_600_000 : 0);
  const { strategy, symbol, side, exit, to } = filter;
  const query = useMemo<Asked>(() => ({
    scope, ...(strategy && { strategy }), ...(symbol && { symbol }), ...(side && { direction: side as '1' | '-1' }), ...(exit && { reason: exit as (typeof EXITS)[number] }),
    ...(begin && { from_ms: begin }), ...(to && { to_ms: to }),
  }), [scope, strategy, symbol, side, exit, begin, to]);
  const put = (name: string, value: string) => setAsked((now) => {
    if (value) now.set(name, value);
    else now.delete(name);
    return now;
  }, { replace: true });
  const clear = () => setAsked((now) => {
    for (const name of ['strategy', 'symbol', 'side', 'exit', 'days', 'from', 'to']) now.delete(name);
    return now;
  }, { replace: true });
  return { filter, put, clear, query };
}

/** What is offered, with what is chosen already. */
const also = (offered: readonly string[] | undefined, chosen: string): string[] => [...new Set([...(offered ?? []), ...(chosen ? [chosen] : [])])];

function Sums({ of }: { of: Schemas['TradeSums'] }) {
  const t = useTexts(words);
  const tiles: readonly (readonly [React.ReactNode, React.ReactNode])[] = [
    [t.trades, <b key="n">{of.trades}</b>],
    [<Term key="t" of="net">{t.usdt}</Term>, <b key="n"><Result value={of.net} /></b>],
    [t.gross, money(of.gross)],
    [<Term key="t" of="fees">{t.fees}</Term>, plain(of.fees)],
    [<Term key="t" of="funding">{t.funding}</Term>, signed(-of.funding)],
    [t.win, percent(of.win_rate, 0)],
    [<Term key="t" of="profit_factor">PF</Term>, of.profit_factor === null ? <span key="n" title={t.lossless}>n/a</span> : plain(of.profit_factor)],
    [<Term key="t" of="expectancy">{t.each}</Term>, money(of.expectancy)],
    [t.held, duration(of.held_ms)],
  ];
  return (
    <dl className={css['sums']} aria-label={t.sums}>
      {tiles.map(([name, value], i) => <div key={i}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

function None({ filtered }: { filtered: boolean }) {
  const t = useTexts(words);
  const near = useSelected('next', (all) => all.get('now')?.levels[0]);
  const next = near ? fill(t.nearest, { symbol: baseOf(near.symbol), level: near.level + 1, distance: change(near.distance, 1) }) : t.noneNext;
  return <Empty why={filtered ? t.none : t.noneYet} next={next} />;
}

function useColumns(zone: string, scope: Scope): Column<Line>[] {
  const t = useTexts(words);
  return useMemo(() => [
    { id: 'closed', head: t.closed, cell: (row) => <time title={utc(row.ts_ms)} dateTime={new Date(row.ts_ms).toISOString()}>{moment(row.ts_ms, zone)}</time>, phone: 'line' },
    { id: 'symbol', head: t.headSymbol, cell: (row) => <b>{baseOf(row.symbol)}</b>, phone: 'head' },
    { id: 'side', head: t.headSide, cell: (row) => <Side direction={row.direction} />, phone: 'head' },
    { id: 'strategy', head: t.headStrategy, cell: (row) => <Link className={css['quiet']} to={`/trades/${row.id}?scope=${row.scope}`}>{row.strategy}</Link>, phone: 'line' },
    { id: 'levels', head: t.levels, term: 'cycle', number: true, cell: (row) => row.levels, phone: 'none' },
    { id: 'held', head: t.held, number: true, cell: (row) => duration(row.held_ms), phone: 'line' },
    { id: 'net', head: t.net, number: true, cell: (row) => <Result value={row.net} of={row.notional} />, phone: 'head' },
    { id: 'gross', head: t.gross, number: true, cell: (row) => <span className={css['second']}>{money(row.gross)}</span>, phone: 'none' },
    { id: 'share', head: '%', number: true, cell: (row) => change(row.net_fraction), phone: 'none' },
    ...(scope === 'live' ? [{ id: 'against', head: t.against, term: 'fees', number: true, cell: (row: Line) => <Against of={row} />, phone: 'none' } as const] : []),
    { id: 'exit', head: t.headExit, cell: (row) => <span className={css['exit']} data-exit={row.reason}>{row.reason}</span>, phone: 'line' },
  ], [t, zone, scope]);
}

/** What live cost against paper, in basis points; positive is worse. */
const Against = ({ of }: { of: Line }) => <span title={of.cause || undefined}>{of.against_bps === null ? '–' : `${signed(of.against_bps, 1)} bps`}</span>;
