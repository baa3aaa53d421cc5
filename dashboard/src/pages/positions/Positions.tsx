/** Open positions as the exchange shows them, what would become of them, and the orders that stand there. */
import { useState } from 'react';
import { Link, useLocation, useParams } from 'wouter';
import { useGet } from '../../api/hooks';
import type { Order, Position, Schemas } from '../../api/types';
import { Icon } from '../../components/Icon';
import { Age, Badge, Button, Card, Empty, Facts, Loaded, Result, Side, Term, baseOf } from '../../components/parts';
import { Table, usePhone, type Column } from '../../components/Table';
import { haltDeed, reduceDeed } from '../../command/deeds';
import { show } from '../../command/store';
import { change, money, plain, price, quantity } from '../../format/numbers';
import { duration, moment } from '../../format/time';
import { connection, useLink, useLive, useTick, useTopic, useValue } from '../../live/hooks';
import { useScope } from '../../live/scope';
import { fill, useTexts } from '../../text/language';
import { useZone } from '../../text/settings';
import { Ruler } from './Ruler';
import { WhatIfCurve } from './WhatIfCurve';
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
  const positions = [...(topic?.values() ?? [])].filter((p) => p.scope === scope);
  const open = (p: Held) => navigate(p.symbol === symbol ? `/positions${location.search}` : `/positions/${p.symbol}${location.search}`);
  return (
    <div className={css['page']}>
      <h1 className="visually-hidden">{t.title}</h1>
      <Card title={t.title} flush stale={!live} aside={scope === 'paper' ? <span className={css['dim']}>{t.paperNote}</span> : undefined}>
        {topic && !positions.length ? (
          <Empty why={t.none} next={next && fill(t.noneNext, { level: `${next.symbol} L${next.level + 1}, ${change(next.distance, 1)}` })} />
        ) : phone ? (
          <ul className={css['cards']}>{positions.map((p) => <PhoneCard key={`${p.strategy}${p.symbol}`} of={p} />)}</ul>
        ) : (
          <Table
            label={t.title} rows={positions} columns={columns} keyOf={(p) => p.symbol} chosen={symbol ?? positions[0]?.symbol} onOpen={open}
            detail={(p) => <Detail of={p} />}
          />
        )}
      </Card>
      {scope === 'live' && positions.length > 0 && <WhatIf />}
      {scope === 'live' && <Orders symbol={symbol} />}
    </div>
  );
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
  useTick();
  const tick = useValue('rules', of.symbol)?.tick;
  if (of.stop === null) return <Badge tone="danger" icon="cross">NO STOP {(of.unprotected_ms / 1000 + connection.sinceBeat()).toFixed(1)} s</Badge>;
  return <>{price(of.stop, tick)} <span className={css['dim']}>{change(of.stop_distance, 1)}</span> {of.scope === 'live' && <Icon name="check" size={12} label="ok" />}</>;
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
      {of.scope === 'live' && (
        <>
          <Button small disabled={!live} onClick={() => show({ kind: 'deed', deed: reduceDeed(of.symbol) })}>{t.reduce}</Button>
          <Button small disabled={!live} onClick={() => show({ kind: 'deed', deed: haltDeed(of.symbol) })}>{t.halt}</Button>
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
        [t.stop, <StopState key="stop" of={of} />],
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

const ASKED = '-0.3,-0.25,-0.2,-0.15,-0.1,-0.05,0,0.05,0.1,0.15,0.2,0.25,0.3';

/** What the engine says would happen, all prices together, fills, stops and liquidations inside. */
function WhatIf() {
  const t = useTexts(words);
  const [fills, setFills] = useState(true);
  const curve = useGet('/api/risk/what-if', { query: { fills }, everyMs: 10_000, keep: true });
  const rows = useGet('/api/risk/what-if', { query: { moves: ASKED, fills }, everyMs: 10_000, keep: true });
  return (
    <Card title={t.whatIf} aside={<label className={css['check']}><input type="checkbox" checked={fills} onChange={(event) => setFills(event.target.checked)} /> {t.fills}</label>}>
      <div className={css['whatIf']}>
        <Loaded from={curve}>{(data) => <WhatIfCurve of={data} label={t.curve} />}</Loaded>
        <Loaded from={rows}>
          {(data) => (
            <table className={css['moves']}>
              <thead><tr><th>{t.move}</th><th>{t.result}</th><th /></tr></thead>
              <tbody>
                {data.points.filter((p) => [-0.2, -0.1, -0.05, 0.05, 0.1].some((one) => Math.abs(p.move - one) < 1e-9)).map((p) => (
                  <tr key={p.move}><th scope="row">{change(p.move, 0)}</th><td><Result value={p.change} of={data.equity} /> <small>({change(p.fraction, 1)})</small></td><td className={css['dim']}>{happened(p, t)}</td></tr>
                ))}
              </tbody>
            </table>
          )}
        </Loaded>
      </div>
    </Card>
  );
}

function happened(p: Schemas['WhatIfPoint'], t: { readonly [K in keyof typeof words]: string }): string {
  const named = (symbols: readonly string[]) => symbols.map(baseOf).join(', ');
  const said = [
    p.levels ? fill(t.levelsFilled, { n: p.levels }) : '',
    p.targets.length ? fill(t.closed, { symbols: named(p.targets) }) : '',
    p.stopped.length ? fill(t.stopped, { symbols: named(p.stopped) }) : '',
    p.liquidated.length ? fill(t.liquidated, { symbols: named(p.liquidated) }) : '',
  ].filter(Boolean);
  if (p.move < 0 && !p.stopped.length && !p.liquidated.length) said.push(t.noStop);
  return said.join('; ');
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
    { id: 'stop', head: t.stop, number: true, cell: (o) => price(o.stop, rules?.get(o.symbol)?.tick) },
    { id: 'state', head: t.state, cell: (o) => <Badge tone={o.status === 'unknown' ? 'warn' : 'plain'}>{o.status.replaceAll('_', ' ')}</Badge>, phone: 'line' },
    { id: 'since', head: t.since, number: true, by: (o) => o.created_ms, cell: (o) => moment(o.created_ms, zone) },
  ];
  return (
    <Card title={`${t.orders}${symbol ? ` ${symbol}` : ''}`} flush stale={!live}>
      <Table label={t.orders} rows={orders} columns={columns} keyOf={(o) => `${o.symbol}${o.order_id}`} sorted="symbol" empty={topic && <Empty why={t.noOrders} next={t.noOrdersNext} />} keys={false} />
    </Card>
  );
}
