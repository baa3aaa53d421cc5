/** Open positions as the exchange shows them, what would become of them, and the orders that stand there. */
import { useMemo } from 'react';
import { Link, useLocation, useParams, useSearchParams } from 'wouter';
import type { Order, Position } from '../../api/types';
import { Icon } from '../../components/Icon';
import { Age, Badge, Button, Card, Choice, Empty, Facts, Result, Side, Skeleton, Term, baseOf } from '../../components/parts';
import { NoStop } from '../../components/NoStop';
import { Table, usePhone, type Column } from '../../components/Table';
import { closeDeed, haltDeed, reduceDeed } from '../../command/deeds';
import { show } from '../../command/store';
import { change, money, plain, price, quantity } from '../../format/numbers';
import { duration, moment } from '../../format/time';
import { connection, useLink, useLive, useTick, useTopic, useValue } from '../../live/hooks';
import { useScope } from '../../live/scope';
import { fill, useTexts } from '../../text/language';
import { useZone } from '../../text/settings';
import { Ruler } from './Ruler';
import { WhatIf } from './WhatIf';
import { GROUPINGS, byUrgency, problem, summed } from './order';
import { words } from './texts';
import css from './Positions.module.css';

export type Held = Omit<Position, 'age_s'>;

export default function Positions() {
  const t = useTexts(words);
  const { scope } = useScope();
  const live = useLive();
  const phone = usePhone();
  const [, navigate] = useLocation();
  const { symbol } = useParams<{ symbol?: string }>();
  const columns = useColumns();
  const topic = useTopic('positions');
  const next = useValue('next', 'now')?.levels[0];
  const [asked, setAsked] = useSearchParams();
  const by = GROUPINGS.find((one) => one === asked.get('by')) ?? 'none';
  const rules = useTopic('rules');
  const groups = useMemo(() => by === 'none' ? undefined : ({
    of: (p: Held) => (by === 'strategy' ? p.strategy || t.foreign : rules?.get(p.symbol)?.group ?? '') || t.ungrouped,
    head: (name: string, rows: readonly Held[]) => <Group name={name} rows={rows} />,
  }), [by, rules, t]);
  const positions = [...(topic?.values() ?? [])].filter((p) => p.scope === scope).sort(byUrgency);
  const choose = (one: string) => setAsked((query) => {
    if (one === 'none') query.delete('by');
    else query.set('by', one);
    return query;
  }, { replace: true });
  const chosen = positions.find((p) => p.symbol === symbol) ?? positions[0];
  const open = (p: Held) => navigate(p.symbol === symbol ? `/positions${location.search}` : `/positions/${p.symbol}${location.search}`);
  return (
    <div className={css['page']}>
      <h1 className="visually-hidden">{t.title}</h1>
      <Card title={t.title} flush stale={!live} aside={(
        <span className={css['aside']}>
          {scope === 'paper' && <span className={css['dim']}>{t.paperNote}</span>}
          {!phone && positions.length > 1 && <Choice label={t.grouped} value={by} onChange={choose} options={GROUPINGS.map((one) => [one, t[`by_${one}`]] as const)} />}
        </span>
      )}>
        {topic && !positions.length ? (
          <Empty why={t.none} next={next && fill(t.noneNext, { level: `${next.symbol} L${next.level + 1}, ${change(next.distance, 1)}` })} />
        ) : phone ? (
          <ul className={css['cards']}>{positions.map((p) => <PhoneCard key={keyOf(p)} of={p} />)}</ul>
        ) : (
          <Table
            label={t.title} rows={positions} columns={columns} keyOf={keyOf} chosen={chosen && keyOf(chosen)} onOpen={open} first={problem} groups={groups}
            detail={(p) => <Detail of={p} />}
          />
        )}
      </Card>
      {scope === 'live' && positions.length > 0 && <WhatIf />}
      {scope === 'live' && <Orders symbol={symbol} />}
    </div>
  );
}

const keyOf = (p: Held) => `${p.strategy} ${p.symbol}`;

/** What a group holds together. */
function Group({ name, rows }: { name: string; rows: readonly Held[] }) {
  const t = useTexts(words);
  const { notional, result } = summed(rows);
  return <span className={css['group']}><b>{name}</b> <span>{fill(t.held_n, { n: rows.length })}</span> <span>{plain(notional, 0)} USDT</span> {result !== null && <Result value={result} of={notional} />}</span>;
}

/** How long ago the exchange was read, on the server's clock. */
function ReadAge({ of }: { of: Held }) {
  const t = useTexts(words);
  useTick();
  const told = useLink().beat?.readings_s[of.symbol];
  if (of.scope === 'paper') return null;
  if (told === undefined || told === null) return <span className={css['dim']}>{t.unread}</span>;
  return <span className={css['dim']}>{t.read} <Age seconds={told + connection.sinceBeat()} lagging={10} stale={30} /></span>;
}

/** The stop as read back: price, distance, and that it is there; or the alarm with its seconds. */
export function StopState({ of }: { of: Held }) {
  const tick = useValue('rules', of.symbol)?.tick;
  if (of.stop === null) return <NoStop ms={of.unprotected_ms} />;
  return <span className={css['whole']}>{price(of.stop, tick)} <span className={css['dim']}>{change(of.stop_distance, 1)}</span> {of.scope === 'live' && <Icon name="check" size={12} label="ok" />}</span>;
}

const pnl = (p: Held) => p.net ?? p.unrealised;

function useColumns(): readonly Column<Held>[] {
  const t = useTexts(words);
  const rules = useTopic('rules');
  const exchange = useLink().beat?.exchange_ms ?? 0;
  return [
    { id: 'symbol', head: t.symbol, by: (p) => p.symbol, cell: (p) => <><b>{baseOf(p.symbol)}</b> {!p.strategy && <Badge tone="danger">{t.foreign}</Badge>}</> },
    { id: 'side', head: t.side, cell: (p) => <Side direction={p.direction} /> },
    { id: 'size', head: t.size, number: true, by: (p) => p.notional, cell: (p) => <>{quantity(p.quantity, rules?.get(p.symbol)?.step)} / {plain(p.notional, 0)}</> },
    { id: 'average', head: t.average, number: true, cell: (p) => price(p.average, rules?.get(p.symbol)?.tick) },
    { id: 'mark', head: t.mark, term: 'mark', number: true, cell: (p) => <Mark symbol={p.symbol} fallback={p.mark} /> },
    { id: 'pnl', head: t.pnl, term: 'net', number: true, cell: (p) => <><Result value={pnl(p)} of={p.notional} /> <span className={css['dim']}>/ {money(p.unrealised)}</span></> },
    { id: 'stop', head: t.stop, term: 'stop', number: true, by: (p) => (p.stop === null ? -1 : Math.abs(p.stop_distance ?? 9)), cell: (p) => <StopState of={p} /> },
    { id: 'liquidation', head: t.liquidation, term: 'liquidation', number: true, cell: (p) => <>{price(p.liquidation, rules?.get(p.symbol)?.tick)} <span className={css['dim']}>{p.liquidation && p.mark ? change(p.liquidation / p.mark - 1, 1) : ''}</span></> },
    { id: 'held', head: t.held, number: true, by: (p) => (p.opened_ms ? -p.opened_ms : null), cell: (p) => (p.opened_ms && exchange ? duration(exchange - p.opened_ms) : '–') },
  ];
}

function Mark({ symbol, fallback }: { symbol: string; fallback: number | null }) {
  const quote = useValue('prices', symbol);
  const tick = useValue('rules', symbol)?.tick;
  return <>{price(quote?.mark ?? quote?.last ?? fallback, tick)}</>;
}

function Actions({ of }: { of: Held }) {
  const t = useTexts(words);
  const live = useLive();
  return (
    <div className={css['actions']}>
      {of.strategy && <Link to={`/grid/${of.strategy}/${of.symbol}`} className={css['link']}><Icon name="grid" size={14} /> {t.grid}</Link>}
      <Link to={`/events?symbol=${of.symbol}`} className={css['link']}><Icon name="events" size={14} /> {t.log}</Link>
      {of.scope === 'live' && (
        <>
          <Button small disabled={!live} onClick={() => show({ kind: 'deed', deed: reduceDeed(of.symbol) })}>{t.reduce}</Button>
          <Button small disabled={!live} onClick={() => show({ kind: 'deed', deed: haltDeed(of.symbol) })}>{t.halt}</Button>
          {of.strategy && <Button small disabled={!live} onClick={() => show({ kind: 'deed', deed: closeDeed(of.symbol) })}>{t.close}</Button>}
        </>
      )}
    </div>
  );
}

function Detail({ of }: { of: Held }) {
  const t = useTexts(words);
  const tick = useValue('rules', of.symbol)?.tick;
  return (
    <div className={css['detail']}>
      <Ruler of={of} tick={tick} />
      <Facts of={[
        [t.strategy, of.strategy || <Badge tone="danger">{t.foreign}</Badge>],
        [t.target, of.target === null ? '–' : `${price(of.target, tick)} ${of.mark ? change(of.target / of.mark - 1, 1) : ''}`],
        [t.stopShort, <StopState key="stop" of={of} />],
      ]} />
      <Facts of={[
        [t.entryFees, of.entry_fees === null ? <span title={t.unknownNet}>–</span> : plain(of.entry_fees)],
        [<Term key="funding" of="funding">{t.funding}</Term>, plain(of.funding)],
        [t.exitFee, plain(of.exit_fee)],
        [t.unprotected, `${of.unprotected_ms} ms`],
      ]} />
      <div className={css['side']}>
        <ReadAge of={of} />
        {!of.strategy && <p className={css['foreign']}>{t.foreignWhy}</p>}
        <Actions of={of} />
      </div>
    </div>
  );
}

function PhoneCard({ of }: { of: Held }) {
  const t = useTexts(words);
  const exchange = useLink().beat?.exchange_ms ?? 0;
  const tick = useValue('rules', of.symbol)?.tick;
  return (
    <li className={css['card']}>
      <div className={css['cardHead']}>
        <b>{baseOf(of.symbol)}</b> <Side direction={of.direction} /> {!of.strategy && <Badge tone="danger">{t.foreign}</Badge>}
        <span className={css['end']}>{of.opened_ms && exchange ? duration(exchange - of.opened_ms) : ''}</span>
      </div>
      <div className={css['cardHead']}>
        <span className={css['money']}><Result value={pnl(of)} of={of.notional} /></span> <span className={css['dim']}>({money(of.unrealised)})</span>
        <span className={css['end']}><ReadAge of={of} /></span>
      </div>
      <Ruler of={of} tick={tick} />
      {of.stop === null && <StopState of={of} />}
      <Actions of={of} />
    </li>
  );
}

function Orders({ symbol }: { symbol: string | undefined }) {
  const t = useTexts(words);
  const zone = useZone();
  const rules = useTopic('rules');
  const topic = useTopic('orders');
  const live = useLive();
  const orders = [...(topic?.values() ?? [])].filter((o) => !symbol || o.symbol === symbol);
  const columns: readonly Column<Order>[] = [
    { id: 'symbol', head: t.symbol, by: (o) => o.symbol, cell: (o) => <b>{baseOf(o.symbol)}</b>, phone: 'head' },
    { id: 'side', head: t.side, by: (o) => o.side, cell: (o) => <>{o.side.toUpperCase()} <span className={css['dim']}>{o.reduce_only ? t.exit : t.entry}</span></>, phone: 'head' },
    { id: 'kind', head: t.kind, cell: (o) => o.kind.replaceAll('_', ' '), phone: 'line' },
    { id: 'price', head: t.price, number: true, by: (o) => o.price ?? o.trigger, cell: (o) => price(o.price ?? o.trigger, rules?.get(o.symbol)?.tick), phone: 'head' },
    { id: 'quantity', head: t.quantity, number: true, cell: (o) => quantity(o.quantity, rules?.get(o.symbol)?.step), phone: 'line' },
    { id: 'filled', head: t.filled, number: true, cell: (o) => quantity(o.filled, rules?.get(o.symbol)?.step) },
    { id: 'stop', head: t.stopShort, number: true, cell: (o) => price(o.stop, rules?.get(o.symbol)?.tick) },
    { id: 'state', head: t.state, cell: (o) => <Badge tone={o.status === 'unknown' ? 'warn' : 'plain'}>{o.status.replaceAll('_', ' ')}</Badge>, phone: 'line' },
    { id: 'since', head: t.since, number: true, by: (o) => o.created_ms, cell: (o) => moment(o.created_ms, zone) },
  ];
  return (
    <Card title={`${t.orders}${symbol ? ` ${symbol}` : ''}`} flush stale={!live}>
      <Table label={t.orders} rows={orders} columns={columns} keyOf={(o) => `${o.symbol}${o.order_id}`} sorted="symbol" empty={topic ? <Empty why={t.noOrders} next={t.noOrdersNext} /> : <Skeleton />} keys={false} />
    </Card>
  );
}
