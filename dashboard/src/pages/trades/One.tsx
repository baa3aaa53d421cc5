/** One trade with everything around it: from gross to net, the cycle's chart, its order log, its twin, its plan rows. */
import { lazy } from 'react';
import { Link } from 'wouter';
import { useGet } from '../../api/hooks';
import type { Schemas } from '../../api/types';
import { Late } from '../../charts/Late';
import { Badge, Card, Empty, Facts, Loaded, Result, Side, Term, Unit, baseOf } from '../../components/parts';
import { change, money, plain, price, quantity, signed } from '../../format/numbers';
import { clockSeconds, duration, moment, utc } from '../../format/time';
import { useValue } from '../../live/hooks';
import { fill, useTexts } from '../../text/language';
import { useZone } from '../../text/settings';
import { CAUSE, STEP, one as words, words as listed } from './texts';
import { framed } from './frame';
import { Waterfall } from './Waterfall';
import css from './One.module.css';

const GridChart = lazy(() => import('../../charts/GridChart'));

type Detail = Schemas['TradeDetail'];

export default function One({ id }: { id: string }) {
  const t = useTexts(words);
  const all = useTexts(listed);
  const found = useGet('/api/trades/{trade}', { path: { trade: id } });
  return (
    <div className={css['page']}>
      <nav className={css['tools']}>
        <Link to={`/trades${location.search}`}>‹ {all.back}</Link>
        <h1>{title(id)}</h1>
        <a href={`/api/trades/${encodeURIComponent(id)}`} target="_blank" rel="noreferrer">{t.json}</a>
      </nav>
      <Loaded from={found} lines={12}>{(data) => <Body of={data} />}</Loaded>
    </div>
  );
}

/** `BTC #13, envelope_dca` of an address. */
const title = (id: string): string => {
  const [, strategy = '', symbol = '', cycle = ''] = id.split('.');
  return `${baseOf(symbol)} #${cycle}, ${strategy}`;
};

function Body({ of }: { of: Detail }) {
  const t = useTexts(words);
  return (
    <>
      <Head of={of} />
      <Card title={<Term of="net">{t.way}</Term>} className={css['way']}>
        {of.steps.length ? <Waterfall steps={of.steps} names={t} /> : <Empty why={t.noWay} />}
      </Card>
      <Beside of={of} />
      <Chart of={of} />
      <Log of={of} />
      <Plans of={of} />
    </>
  );
}

function Head({ of }: { of: Detail }) {
  const t = useTexts(words);
  const zone = useZone();
  const { trade } = of;
  const rules = useValue('rules', trade.symbol);
  const mode = useValue('status', 'now')?.mode;
  return (
    <Card className={css['head']}>
      <p className={css['verdict']}>
        <Badge tone={trade.scope === 'paper' ? 'normal' : mode === 'demo' ? 'dashed' : 'filled'}>{trade.scope === 'live' && mode === 'demo' ? 'DEMO' : trade.scope.toUpperCase()}</Badge> <Side direction={trade.direction} />
        <b><Result value={trade.net} of={trade.notional} /></b><Unit>USDT</Unit>
        <span>{change(trade.net_fraction)} {t.of}</span>
        <Badge tone={trade.reason === 'liquidation' || trade.reason === 'emergency' ? 'danger' : 'plain'}>{trade.reason}</Badge>
        <Link to={`/grid/${trade.strategy}/${trade.symbol}?at=${trade.opened_ms}&scope=${trade.scope}`}>{t.grid} ›</Link>
      </p>
      <div className={css['facts']}>
        <Facts of={[
          [t.opened, <time key="o" title={utc(trade.opened_ms)}>{moment(trade.opened_ms, zone)}</time>],
          [t.closed, <time key="c" title={utc(trade.ts_ms)}>{moment(trade.ts_ms, zone)}</time>],
          [t.held, duration(trade.held_ms)],
        ]} />
        <Facts of={[[t.entry, price(trade.average, rules?.tick)], [t.left, price(trade.exit_price, rules?.tick)], [<Term key="s" of="stop">{t.unprotected}</Term>, of.unprotected_ms === null ? '–' : `${of.unprotected_ms} ms`]]} />
        <Facts of={[
          [t.quantity, <span key="q">{quantity(trade.quantity, rules?.step)}<Unit>{baseOf(trade.symbol)}</Unit></span>],
          [<Term key="n" of="notional">{t.notional}</Term>, <span key="v">{plain(trade.notional)}<Unit>USDT</Unit></span>],
          [<Term key="l" of="cycle">{t.levels}</Term>, trade.levels],
        ]} />
        {of.settled && <Facts of={[[t.settled, <span key="x">{signed(of.settled.net)} ({signed(of.settled.difference, 4)})<Unit>USDT</Unit></span>]]} />}
      </div>
    </Card>
  );
}

function Beside({ of }: { of: Detail }) {
  const t = useTexts(words);
  const causes = useTexts(CAUSE);
  const rules = useValue('rules', of.trade.symbol);
  const { comparison, trade, twin } = of;
  if (!comparison) return <Card title={<Term of="divergence">{t.beside}</Term>} className={css['beside']}><Empty why={t.noTwin} next={t.noTwinNext} /></Card>;
  const tick = rules?.tick;
  const [live, paper] = trade.scope === 'live' ? [trade, twin] : [twin, trade];
  const rows: readonly (readonly [string, React.ReactNode, React.ReactNode, number | null])[] = [
    [t.entry, price(live?.average, tick), price(paper?.average, tick), comparison.entry_bps], [t.left, price(live?.exit_price, tick), price(paper?.exit_price, tick), comparison.exit_bps],
    [t.fees, plain(live?.fees), plain(paper?.fees), comparison.fee_bps], [t.funding, plain(live?.funding), plain(paper?.funding), comparison.funding_bps],
    [t.net, money(live?.net), money(paper?.net), comparison.net_bps],
  ];
  return (
    <Card title={<Term of="divergence">{t.beside}</Term>} className={css['beside']}>
      <p className={css['cause']}>
        <b>{comparison.match === 'twin' ? (comparison.cause ? causes[comparison.cause] : t.same) : t.alone}</b> {comparison.cause || comparison.match !== 'twin' ? comparison.detail : ''}
        {twin && <Link to={`/trades/${twin.id}?scope=${twin.scope}`}>{twin.scope} #{twin.cycle} ›</Link>}
      </p>
      <table className={css['pairs']} aria-label={t.beside}>
        <thead><tr><th scope="col">{t.figure}</th><th scope="col">{t.live}</th><th scope="col">{t.paper}</th><th scope="col">{t.difference}</th></tr></thead>
        <tbody>
          {rows.map(([name, a, b, bps]) => (
            <tr key={name}><th scope="row">{name}</th><td>{a}</td><td>{b}</td><td>{bps === null ? '–' : `${signed(bps, 1)} bps`}</td></tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

/** Its plan rows, with nothing in force after it has closed. */
function ended(of: Detail): Detail['plans'] {
  const last = of.plans.at(-1);
  return last ? [...of.plans, { ...last, from_ms: of.trade.ts_ms, filled: 0, levels: [] }] : [];
}

function Chart({ of }: { of: Detail }) {
  const t = useTexts(words);
  const zone = useZone();
  const { trade } = of;
  const tick = useValue('rules', trade.symbol)?.tick;
  const frame = framed(trade.opened_ms, trade.ts_ms, of.timeframe);
  const candles = useGet('/api/candles', { query: { symbol: trade.symbol, timeframe: frame.timeframe, from_ms: frame.from, to_ms: frame.to, limit: 1000 }, immutable: true });
  return (
    <Card title={t.chart} flush className={css['chart']}>
      <Loaded from={candles} lines={8}>
        {(data) => data.t.length < 2 ? <Empty why={t.noCandles} next={t.noCandlesNext} /> : (
          <Late height="var(--chart-height)">
            <GridChart
              candles={data} plans={ended(of)} fills={of.fills} now={[]} stepMs={frame.step} tick={tick} zone={zone} symbol={trade.symbol} at={undefined} whole onCandle={() => undefined}
              summary={fill(t.summary, { symbol: trade.symbol, timeframe: frame.timeframe, n: data.t.length, from: moment(trade.opened_ms, zone), to: moment(trade.ts_ms, zone) })}
            />
          </Late>
        )}
      </Loaded>
    </Card>
  );
}

function Log({ of }: { of: Detail }) {
  const t = useTexts(words);
  const steps = useTexts(STEP);
  const zone = useZone();
  const rules = useValue('rules', of.trade.symbol);
  return (
    <Card title={t.log} flush={of.log.length > 0} className={css['log']}>
      {of.log.length === 0 ? <Empty why={t.noLog} /> : (
        <div className={css['scroll']} tabIndex={0} role="region" aria-label={t.log}>
          <table aria-label={t.log}>
            <thead><tr><th>{t.time}</th><th>{t.what}</th><th>{t.part}</th><th data-number>{t.price}</th><th data-number>{t.quantity}</th><th data-number>{t.fee}</th><th>{t.words}</th></tr></thead>
            <tbody>
              {of.log.map((line, i) => (
                <tr key={i} data-kind={line.kind}>
                  <td title={utc(line.ts_ms)}>{moment(line.ts_ms, zone).slice(0, 6)} {clockSeconds(line.ts_ms, zone)}<small>.{String(line.ts_ms % 1000).padStart(3, '0')}</small></td>
                  <td><b>{steps[line.kind]}</b></td><td>{line.part}</td>
                  <td data-number>{line.price === null ? '' : price(line.price, rules?.tick)}</td><td data-number>{line.quantity === null ? '' : quantity(line.quantity, rules?.step)}</td>
                  <td data-number>{line.fee === null ? '' : plain(line.fee, 4)}</td><td className={css['words']} title={line.client_id || undefined}>{line.text}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}

function Plans({ of }: { of: Detail }) {
  const t = useTexts(words);
  const zone = useZone();
  const tick = useValue('rules', of.trade.symbol)?.tick;
  if (!of.plans.length) return <Card title={t.plan}><Empty why={t.noPlan} /></Card>;
  return (
    <Card title={t.plan} flush>
      <div className={css['scroll']} tabIndex={0} role="region" aria-label={t.plan}>
        <table aria-label={t.plan}>
          <thead><tr><th>{t.from}</th><th>{t.entries}</th><th data-number>{t.average}</th><th data-number>{t.target}</th><th data-number>{t.stop}</th></tr></thead>
          <tbody>
            {of.plans.map((row, i) => (
              <tr key={i}>
                <td title={utc(row.from_ms)}>{moment(row.from_ms, zone)}</td>
                <td className={css['words']}>{row.levels.map((level) => `L${level.level + 1} ${price(level.price, tick)}`).join('  ') || '–'}</td>
                <td data-number>{price(row.average, tick)}</td><td data-number>{price(row.target, tick)}</td><td data-number>{price(row.stop, tick)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}
