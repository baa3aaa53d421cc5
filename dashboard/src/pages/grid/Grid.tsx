/** Levels against price: the chart with the ladder as it stood, the ladder now, cycles, and why a level did not fill. */
import { lazy, useMemo, useState } from 'react';
import { useLocation, useParams, useSearchParams } from 'wouter';
import { useGet } from '../../api/hooks';
import type { Runner, Schemas } from '../../api/types';
import { Late } from '../../charts/Late';
import type { Force } from '../../charts/GridChart';
import { Icon } from '../../components/Icon';
import { Button, Card, Choice, Empty, Loaded, Select, Skeleton, Term, baseOf } from '../../components/parts';
import { change, price } from '../../format/numbers';
import { clock, moment, utc } from '../../format/time';
import { useKeys } from '../../frame/shortcuts';
import { useLink, useLive, useSelected, useTopic, useValue } from '../../live/hooks';
import { fill, useTexts } from '../../text/language';
import { useZone } from '../../text/settings';
import { Cycles, spanOf, zoomOf } from './Cycles';
import { useCandles } from './candles';
import { OUTCOME, words } from './texts';
import css from './Grid.module.css';

const GridChart = lazy(() => import('../../charts/GridChart'));

const TIMEFRAMES = ['1m', '5m', '15m', '1h', '4h', '1d'] as const;
type Timeframe = (typeof TIMEFRAMES)[number];
const STEP: Record<Timeframe, number> = { '1m': 60_000, '5m': 300_000, '15m': 900_000, '1h': 3_600_000, '4h': 14_400_000, '1d': 86_400_000 };
const SPANS = ['1', '7', '30'] as const;
const DAY = 86_400_000;

type Plan = Runner['plans'][number];

export default function Grid() {
  const t = useTexts(words);
  const runners = useTopic('runners');
  const { strategy: askedStrategy, symbol: askedSymbol } = useParams<{ strategy?: string; symbol?: string }>();
  if (!runners) return <Skeleton lines={10} />;
  const all = [...runners.values()].filter((runner) => runner.plans.length > 0);
  const runner = all.find((one) => one.strategy === askedStrategy) ?? all[0];
  const symbols = runner?.plans.map((plan) => plan.symbol) ?? [];
  const symbol = askedSymbol && symbols.includes(askedSymbol) ? askedSymbol : symbols[0];
  if (!runner || !symbol) return <Card title={t.price}><Empty why={t.choose} /></Card>;
  return <Ladder key={`${runner.strategy} ${symbol}`} runner={runner} symbol={symbol} strategies={all.map((one) => one.strategy)} symbols={symbols} />;
}

function Ladder({ runner, symbol, strategies, symbols }: { runner: Runner; symbol: string; strategies: readonly string[]; symbols: readonly string[] }) {
  const t = useTexts(words);
  const zone = useZone();
  const live = useLive();
  const [, navigate] = useLocation();
  const [asked, setAsked] = useSearchParams();
  const [table, setTable] = useState(false);
  const [scrolled, setScrolled] = useState(false);
  const { strategy } = runner;
  const tick = useValue('rules', symbol)?.tick;
  const exchange = useLink().beat?.exchange_ms ?? 0;

  const timeframe = TIMEFRAMES.find((one) => one === asked.get('tf')) ?? '1h';
  const span = SPANS.find((one) => one === asked.get('days')) ?? '7';
  const at = Number(asked.get('at')) || undefined;
  const put = (name: string, value: string | undefined) => setAsked((query) => {
    if (value === undefined) query.delete(name);
    else query.set(name, value);
    return query;
  }, { replace: true });
  const go = (toStrategy: string, toSymbol: string) => navigate(`/grid/${toStrategy}/${toSymbol}${location.search}`);
  const step = (of: readonly string[], from: string, by: number) => of[(of.indexOf(from) + by + of.length) % of.length] ?? from;
  useKeys({
    '[': () => go(strategy, step(symbols, symbol, -1)), ']': () => go(strategy, step(symbols, symbol, 1)),
    '{': () => go(step(strategies, strategy, -1), symbol), '}': () => go(step(strategies, strategy, 1), symbol),
    ...Object.fromEntries(TIMEFRAMES.map((one, i) => [String(i + 1), () => put('tf', one)])),
  });

  // The span begins at a whole quarter of an hour, so that the address stays the same between two readings.
  const from = exchange ? Math.floor((exchange - Number(span) * DAY) / 900_000) * 900_000 : undefined;
  const { candles, older } = useCandles(symbol, timeframe, STEP[timeframe]);
  const first = candles.data?.t[0];
  const since = from !== undefined && first !== undefined && scrolled ? Math.min(from, first) : from;
  const grid = useGet('/api/grid/{strategy}/{symbol}', {
    path: { strategy, symbol }, query: { from_ms: since ?? null, candles: timeframe }, everyMs: 5_000, keep: true, enabled: since !== undefined,
  });
  const zoom = zoomOf(asked.get('zoom'));
  const plan = runner.plans.find((one) => one.symbol === symbol);
  const force = useForce(plan, strategy, symbol, tick);
  const resting = plan?.entries.length ?? 0;

  return (
    <div className={css['page']}>
      <div className={css['tools']}>
        <h1 className="visually-hidden">Grid {strategy} {symbol}</h1>
        <Select label={t.strategy} value={strategy} options={strategies.map((one) => [one, one] as const)} onChange={(one) => go(one, symbol)} />
        <Select label={t.symbol} value={symbol} options={symbols.map((one) => [one, one] as const)} onChange={(one) => go(strategy, one)} />
        <Choice label={t.timeframe} value={timeframe} options={TIMEFRAMES.map((one) => [one, one] as const)} onChange={(one) => put('tf', one)} />
        <Choice label={t.span} value={span} options={SPANS.map((one) => [one, fill(t.days, { n: one })] as const)} onChange={(one) => put('days', one)} />
      </div>
      <Card title={<>{baseOf(symbol)} <Term of="cycle">{strategy}</Term></>} flush stale={!live} className={css['chart']} aside={<Button small kind="bare" onClick={() => setTable(!table)}>{table ? t.chart : t.table}</Button>}>
        {table ? (
          <Loaded from={grid}>{(data) => <Rows plans={data.plans} tick={tick} zone={zone} />}</Loaded>
        ) : (
          <Loaded from={candles} lines={12}>
            {(data) => (
              <Late height="var(--chart-height)">
                <GridChart
                  candles={data} plans={grid.data?.plans ?? []} fills={grid.data?.fills ?? []} now={force} stepMs={STEP[timeframe]} tick={tick} zone={zone} symbol={symbol}
                  at={at} onCandle={(opened) => put('at', String(opened))} near={grid.data?.near} zoom={zoom}
                  onOldest={() => {
                    setScrolled(true);
                    older();
                  }}
                  summary={fill(t.summary, { symbol, timeframe, n: data.t.length, last: price(data.close.at(-1), tick), levels: resting, fills: grid.data?.fills.length ?? 0 })}
                />
              </Late>
            )}
          </Loaded>
        )}
        {!table && <p className={css['paneNote']}>{t.near}</p>}
        <p className={css['notice']}>{grid.data && !grid.data.complete ? t.incomplete : t.notice}</p>
      </Card>
      <Card title={t.ladder} flush stale={!live} className={css['ladder']}><Now plan={plan} force={force} strategy={strategy} symbol={symbol} tick={tick} fills={grid.data?.fills ?? []} /></Card>
      <Why strategy={strategy} symbol={symbol} at={at} tick={tick} />
      <Cycles strategy={strategy} symbol={symbol} chosen={asked.get('zoom') ?? ''} onOpen={(one) => put('zoom', asked.get('zoom') === spanOf(one) ? undefined : spanOf(one))} />
    </div>
  );
}

/** What is in force now, with its distance from the price. */
function useForce(plan: Plan | undefined, strategy: string, symbol: string, tick: number | undefined): Force[] {
  const t = useTexts(words);
  const position = useSelected('positions', (all) => [...all.values()].find((p) => p.symbol === symbol && (p.strategy === strategy || p.strategy === '')));
  const last = useSelected('prices', (all) => all.get(symbol)?.last ?? null);
  return useMemo(() => {
    const found: Force[] = [];
    const said = (name: string, at: number, kind: Force['kind']) => found.push({ text: `${name} ${price(at, tick)}${last ? ` ${change(at / last - 1, 1)}` : ''}`, price: at, kind });
    for (const entry of plan?.entries ?? []) if (entry.price !== null) said(`L${entry.level + 1}`, entry.price, 'level');
    if (position) {
      if (position.average !== null) said(t.average, position.average, 'average');
      if (position.target !== null) said(t.target, position.target, 'target');
      if (position.stop !== null) said(t.stop, position.stop, 'stop');
      if (position.liquidation) said(t.liquidation, position.liquidation, 'liquidation');
    }
    return found;
  }, [plan, position, last, tick, t]);
}

function Now({ plan, force, strategy, symbol, tick, fills }: {
  plan: Plan | undefined; force: readonly Force[]; strategy: string; symbol: string; tick: number | undefined; fills: readonly Schemas['Fill'][];
}) {
  const t = useTexts(words);
  const zone = useZone();
  const halts = useSelected('status', (all) => (all.get('now')?.halts ?? []).filter((halt) => halt.symbol === '' || halt.symbol === symbol).length);
  const held = useTopic('positions');
  const quote = useValue('prices', symbol);
  const own = fills.filter((one) => one.strategy === strategy && one.cycle === plan?.cycle && one.role === 'entry');
  const done = [...new Map(own.map((one) => [one.level, one])).values()];
  if (!held) return <Skeleton lines={4} />;
  if (!plan) return <Empty why={fill(t.nothing, { symbol })} next={t.nothingNext} />;
  if (!force.length && !plan.entries.length) return <Empty why={fill(t.idle, { strategy, symbol })} next={t.nothingNext} />;
  const reference = quote?.mark ?? quote?.last ?? 0;
  const rows = [
    ...force.map((one) => ({ name: one.text.split(' ')[0] ?? '', price: one.price, kind: one.kind, note: one.kind === 'level' ? t.resting : '' })),
    ...done.map((one) => ({ name: `L${one.level + 1}`, price: one.price ?? 0, kind: 'filled', note: fill(t.filled, { when: clock(one.ts_ms, zone), how: one.maker ? t.maker : t.taker }) })),
    ...(reference ? [{ name: t.mark, price: reference, kind: 'mark', note: '' }] : []),
  ].sort((a, b) => b.price - a.price);
  return (
    <>
      {halts > 0 && <p className={css['halted']}><Icon name="halt" /> {t.halted}</p>}
      <table className={css['now']}>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.name}${row.kind}`} data-kind={row.kind} data-halted={(halts > 0 && row.kind === 'level') || undefined}>
              <th scope="row">{row.name}</th>
              <td>{price(row.price, tick)}</td>
              {row.kind === 'filled' ? <td colSpan={2}>{row.note}</td> : (
                <>
                  <td>{row.kind === 'mark' || !reference ? '' : <span>{change(row.price / reference - 1, 1)}</span>}</td>
                  <td>{row.note}</td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Why({ strategy, symbol, at, tick }: { strategy: string; symbol: string; at: number | undefined; tick: number | undefined }) {
  const t = useTexts(words);
  const zone = useZone();
  const why = useGet('/api/grid/{strategy}/{symbol}/why', { path: { strategy, symbol }, query: { candle: at ?? 0 }, enabled: at !== undefined, keep: true });
  return (
    <Card title={at ? fill(t.why, { when: moment(why.data?.candle_ms ?? at, zone) }) : t.why.replace(/[,:]? ?(candle|bougie) \{when\}/, '')} className={css['why']}>
      {at === undefined ? <p className={css['hint']}>{t.whyHint}</p> : (
        <Loaded from={why} lines={2}>
          {(data) => (
            <div aria-live="polite">
              <p className={css['candle']} title={utc(data.candle_ms)}>
                O {price(data.open, tick)} · H {price(data.high, tick)} · L {price(data.low, tick)} · C {price(data.close, tick)} · {data.timeframe}
              </p>
              {data.parts.length === 0 && <p className={css['hint']}>{t.noPlanThen}</p>}
              <ul className={css['parts']}>
                {data.parts.map((part) => (
                  <li key={part.part} data-outcome={part.outcome}>
                    <Icon name={OUTCOME[part.outcome]} size={13} label={part.outcome.replaceAll('_', ' ')} />
                    <b>{part.part}</b> <span>{part.price !== null && price(part.price, tick)}</span> <span>{part.text}</span>
                  </li>
                ))}
              </ul>
              {data.refusals.length > 0 && <p>{t.refusals}: {data.refusals.join('; ')}</p>}
            </div>
          )}
        </Loaded>
      )}
    </Card>
  );
}

function Rows({ plans, tick, zone }: { plans: readonly Schemas['PlanStood'][]; tick: number | undefined; zone: string }) {
  const t = useTexts(words);
  return (
    <div className={css['rows']} tabIndex={0} role="region" aria-label={t.row}>
      <table aria-label={t.row}>
        <thead><tr><th>{t.from}</th><th>{t.levels}</th><th>{t.average}</th><th>{t.target}</th><th>{t.stop}</th></tr></thead>
        <tbody>
          {[...plans].reverse().slice(0, 200).map((one) => (
            <tr key={`${one.from_ms} ${one.cycle} ${one.filled} ${one.quantity ?? 0}`}>
              <td>{moment(one.from_ms, zone)}</td>
              <td>{one.levels.map((level) => `L${level.level + 1} ${level.price === null ? t.atMarket : price(level.price, tick)}`).join('  ')}</td>
              <td>{price(one.average, tick)}</td><td>{price(one.target, tick)}</td><td>{price(one.stop, tick)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
