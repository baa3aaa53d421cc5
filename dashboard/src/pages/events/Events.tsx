/** Everything worth an alert: history by cursor, new ones live, repeats folded, acknowledged ones out of the way. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { command, read } from '../../api/client';
import { forget, queries } from '../../api/hooks';
import type { Event } from '../../api/types';
import { Icon } from '../../components/Icon';
import { sentence } from '../../components/EventLine';
import { Badge, Button, Card, Choice, Empty, Facts, ProblemView, Select, Skeleton } from '../../components/parts';
import { key, useKey } from '../../command/key';
import { show } from '../../command/store';
import { clockSeconds, moment, utc } from '../../format/time';
import { useKeys } from '../../frame/shortcuts';
import { connection, useLive, useTopic } from '../../live/hooks';
import { fill, useTexts } from '../../text/language';
import { useZone } from '../../text/settings';
import { folded, joined, type Filter, type Folded } from './fold';
import { words } from './texts';
import css from './Events.module.css';

const SPANS: Record<string, number> = { h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const KINDS = ['alert_raised', 'command_given', 'trading_halted', 'trading_resumed', 'position_unprotected', 'target_refused', 'selection_changed', 'trade_compared', 'account_checked', 'position_guarded'];
const SOURCES = ['executor', 'risk', 'feed', 'runner', 'monitor', 'ledger', 'api'];

export default function Events() {
  const t = useTexts(words);
  const live = useLive();
  const [query, setQuery] = useSearchParams();
  const put = (name: string, value: string) => setQuery((now) => {
    if (value) now.set(name, value);
    else now.delete(name);
    return now;
  }, { replace: true });
  const get = (name: string) => query.get(name) ?? '';
  const span = get('span');
  const fromMs = useFrom(span);
  const filter: Filter = { severity: get('severity'), kind: get('kind'), symbol: get('symbol'), source: get('source'), seen: get('seen') === '1', fromMs };
  const pages = usePages(filter);
  const told = useTopic('events');
  const [paused, setPaused] = useState<string | undefined>(undefined); // the newest event when the reader scrolled away
  const scroller = useRef<HTMLDivElement>(null);
  const now = joined([...(told?.values() ?? [])], pages.data?.pages.flatMap((page) => page.items) ?? [], filter);
  const waiting = paused ? Math.max(0, now.findIndex((one) => one.id === paused)) : 0;
  const shown = now.slice(waiting);
  const lines = folded(shown);
  const filtered = ['severity', 'kind', 'symbol', 'source', 'span'].some((name) => get(name));
  const symbols = [...new Set([...(told?.values() ?? [])].map((one) => one.symbol).filter(Boolean))].sort();
  const onScroll = () => {
    const away = (scroller.current?.scrollTop ?? 0) > 40;
    if (away && !paused) setPaused(now[0]?.id);
    if (!away && paused) setPaused(undefined);
  };
  const toTop = () => {
    setPaused(undefined);
    scroller.current?.scrollTo({ top: 0 });
  };
  const open = shown.filter((one) => !one.acknowledged);
  return (
    <div className={css['page']}>
      <h1 className="visually-hidden">{t.title}</h1>
      <div className={css['tools']}>
        <Choice label={t.severity} value={filter.severity} options={[['', t.all], ['warning', t.warning], ['critical', t.critical]]} onChange={(one) => put('severity', one)} />
        <Select label={t.kind} value={filter.kind} options={[['', t.kind], ...KINDS.map((one) => [one, one.replaceAll('_', ' ')] as const)]} onChange={(one) => put('kind', one)} />
        <Select label={t.symbol} value={filter.symbol} options={[['', t.symbol], ...[...new Set([...symbols, ...(filter.symbol ? [filter.symbol] : [])])].map((one) => [one, one] as const)]} onChange={(one) => put('symbol', one)} />
        <Select label={t.source} value={filter.source} options={[['', t.source], ...SOURCES.map((one) => [one, one] as const)]} onChange={(one) => put('source', one)} />
        <Choice label={t.span} value={span} options={[['h', t.hour], ['d', t.day], ['w', t.week], ['', t.ever]]} onChange={(one) => put('span', one)} />
        <label className={css['check']}><input type="checkbox" checked={filter.seen} onChange={(event) => put('seen', event.target.checked ? '1' : '')} /> {t.seen}</label>
      </div>
      <Card
        title={t.title} flush stale={!live}
        aside={
          <span className={css['aside']}>
            {paused ? <Button small onClick={toTop}><Icon name="clock" size={12} /> {waiting > 0 ? fill(t.newer, { n: waiting }) : t.paused}</Button> : <span className={css['dim']}>{live ? `● ${t.live}` : '○'}</span>}
            {open.length > 0 && <Acknowledge events={open} text={fill(t.acknowledgeAll, { n: open.length })} />}
          </span>
        }
      >
        {pages.error && <ProblemView error={pages.error} retry={() => void pages.refetch()} />}
        {!pages.data && !pages.error ? <Skeleton lines={8} /> : lines.length === 0 ? (
          <Empty why={filtered ? t.none : t.noneAtAll} next={filtered ? <Button small onClick={() => setQuery(new URLSearchParams(), { replace: true })}>{t.clear}</Button> : t.noneNext} />
        ) : (
          <div ref={scroller} className={css['scroll']} onScroll={onScroll} tabIndex={0} role="region" aria-label={t.title}>
            <Lines lines={lines} />
            <p className={css['end']}>
              {pages.hasNextPage ? <Button small disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>{t.older}</Button> : t.end}
            </p>
          </div>
        )}
      </Card>
    </div>
  );
}

/** Since when; fixed at the moment the span is chosen, by the exchange's clock, so that the question stays the same. */
function useFrom(span: string): number {
  const [begun, setBegun] = useState<{ span: string; at: number }>({ span: '', at: 0 });
  const exchange = connection.link.beat?.exchange_ms;
  if (span !== begun.span && (!span || exchange)) setBegun({ span, at: span && exchange ? exchange - (SPANS[span] ?? 0) : 0 });
  return begun.at;
}

function usePages(filter: Filter) {
  const asked = {
    limit: 100, open_only: !filter.seen,
    ...(filter.severity && { severity: filter.severity as Event['severity'] }), ...(filter.kind && { kind: filter.kind }),
    ...(filter.symbol && { symbol: filter.symbol }), ...(filter.source && { source: filter.source }), ...(filter.fromMs && { from_ms: filter.fromMs }),
  };
  return useInfiniteQuery({
    queryKey: ['/api/events', asked], initialPageParam: '',
    queryFn: ({ pageParam, signal }) => read('/api/events', { query: { ...asked, ...(pageParam && { cursor: pageParam }) } }, signal),
    getNextPageParam: (last) => last.cursor ?? undefined,
  });
}

function Lines({ lines }: { lines: readonly Folded[] }) {
  const t = useTexts(words);
  const [opened, setOpened] = useState('');
  const list = useRef<HTMLUListElement>(null);
  const buttons = () => [...(list.current?.querySelectorAll<HTMLButtonElement>('[data-line]') ?? [])];
  const move = (step: number) => {
    const all = buttons();
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    all[Math.max(0, Math.min(all.length - 1, at + step))]?.focus();
  };
  useKeys({
    j: () => move(1), k: () => move(-1),
    e: () => {
      const line = lines[buttons().indexOf(document.activeElement as HTMLButtonElement)];
      if (line && !line.event.acknowledged) acknowledge(line.ids);
    },
  });
  return (
    <ul ref={list} className={css['lines']} title={t.keysHint}>
      {lines.map((line) => {
        const name = line.ids.at(-1) ?? line.event.id;
        return <Line key={name} of={line} open={opened === name} onOpen={() => setOpened(opened === name ? '' : name)} />;
      })}
    </ul>
  );
}

const ICON = { info: 'right', warning: 'warn', critical: 'cross' } as const;

function Line({ of, open, onOpen }: { of: Folded; open: boolean; onOpen: () => void }) {
  const t = useTexts(words);
  const zone = useZone();
  const { event, count } = of;
  return (
    <li className={css['line']} data-weight={event.severity} data-seen={event.acknowledged || undefined}>
      <button type="button" data-line className={css['row']} aria-expanded={open} onClick={onOpen}>
        <time title={utc(event.ts_ms)} dateTime={new Date(event.ts_ms).toISOString()}><span>{moment(event.ts_ms, zone).slice(0, 6)}</span> {clockSeconds(event.ts_ms, zone)}</time>
        <span className={css['mark']}><Icon name={ICON[event.severity]} size={13} label={event.severity} /></span>
        <span className={css['said']}>
          {event.symbol && <b>{event.symbol} </b>}{sentence(event)}
          {count > 1 && <Badge tone="plain" title={fill(t.first, { when: clockSeconds(of.firstMs, zone) })}>{fill(t.times, { n: count })}</Badge>}
        </span>
        <span className={css['who']}>{event.strategy || event.source}</span>
      </button>
      {open && <Context of={of} />}
    </li>
  );
}

const shownValue = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function Context({ of }: { of: Folded }) {
  const t = useTexts(words);
  const zone = useZone();
  const { event } = of;
  const facts = Object.entries(event.payload).filter(([name, value]) => !['sequence', 'ts_ms'].includes(name) && value !== '' && value !== null);
  return (
    <div className={css['context']}>
      <Facts
        of={[
          [event.kind.replaceAll('_', ' '), `${utc(event.ts_ms)}${of.count > 1 ? `, ${fill(t.first, { when: moment(of.firstMs, zone) })}` : ''}`],
          ...facts.map(([name, value]) => [name.replaceAll('_', ' '), name.endsWith('_ms') && Number(value) > 1e12 ? utc(Number(value)) : shownValue(value)] as const),
          [t.name, <code key="id">{event.id}</code>],
        ]}
      />
      <div className={css['actions']}>
        {event.symbol && event.strategy && <Link to={`/grid/${event.strategy}/${event.symbol}?at=${event.ts_ms}`}>{t.grid} ›</Link>}
        {event.symbol && <Link to={`/trades?symbol=${event.symbol}`}>{t.trades} ›</Link>}
        {event.acknowledged ? <span className={css['dim']}><Icon name="check" size={12} /> {t.acknowledged}</span> : <Acknowledge events={[]} ids={of.ids} text={t.acknowledge} />}
      </div>
    </div>
  );
}

/** With the key at once, without it after it was given. */
function acknowledge(ids: readonly string[], onError: (error: unknown) => void = () => undefined): void {
  if (!key.held()) {
    show({ kind: 'key' });
    return;
  }
  const parts = Array.from({ length: Math.ceil(ids.length / 500) }, (_, i) => ids.slice(i * 500, i * 500 + 500));
  Promise.all(parts.map((part) => command('POST', '/api/events/acknowledge', { ids: part }))).then(() => forget('/api/events'), onError);
}

function Acknowledge({ events, ids, text }: { events: readonly Event[]; ids?: readonly string[]; text: string }) {
  const t = useTexts(words);
  const held = useKey() > 0;
  const [error, setError] = useState<unknown>(undefined);
  useEffect(() => () => queries.removeQueries({ queryKey: ['/api/events'], type: 'inactive' }), []);
  return (
    <>
      <Button small title={held ? text : t.locked} onClick={() => acknowledge(ids ?? events.map((one) => one.id), setError)}>
        <Icon name={held ? 'check' : 'lock'} size={12} /> {text}
      </Button>
      {error !== undefined && <ProblemView error={error} />}
    </>
  );
}
