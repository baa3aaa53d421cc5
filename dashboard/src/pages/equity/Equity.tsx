/** Equity of one scope: curve and drawdown, figures, worst falls, months, regimes; scopes are never added up. */
import { lazy, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { useGet } from '../../api/hooks';
import type { Schemas } from '../../api/types';
import { Late } from '../../charts/Late';
import { look } from '../../charts/series';
import { Button, Card, Change, Choice, Empty, Facts, Loaded, Result, Select, Term, Unit, baseOf } from '../../components/parts';
import { change, money, percent, plain, signed } from '../../format/numbers';
import { day, moment, utc } from '../../format/time';
import { useClocks, useLive, useSelected } from '../../live/hooks';
import { useScope } from '../../live/scope';
import { fill, useTexts } from '../../text/language';
import { useZone } from '../../text/settings';
import { Months, Regimes } from './Months';
import { words } from './texts';
import css from './Equity.module.css';

const EquityChart = lazy(() => import('../../charts/EquityChart'));

const DAY = 86_400_000;
const BYS = ['total', 'strategy', 'symbol'] as const;
const MEASURES = ['net', 'gross', 'realised'] as const;
const SPANS = ['7', '30', '365'] as const;
const REFRESH_MS = 30_000;

type Curves = Schemas['EquityCurves'];

export default function Equity() {
  const t = useTexts(words);
  const live = useLive();
  const { scope } = useScope();
  const { exchange } = useClocks();
  const [asked, setAsked] = useSearchParams();
  const put = (name: string, value: string) => setAsked((query) => {
    if (value) query.set(name, value);
    else query.delete(name);
    return query;
  }, { replace: true });
  const by = BYS.find((one) => one === asked.get('by')) ?? 'total';
  const measure = MEASURES.find((one) => one === asked.get('measure')) ?? 'net';
  const span = SPANS.find((one) => one === asked.get('days')) ?? '';
  const strategy = asked.get('strategy') ?? '';
  const strategies = useSelected('runners', (all) => [...all.values()].filter((one) => one.money.some((m) => m.scope === scope)).map((one) => one.strategy));
  // The span begins at a whole hour, so that the question stays the same between two readings.
  const from = span && exchange ? Math.floor((exchange - Number(span) * DAY) / 3_600_000) * 3_600_000 : null;
  const own = strategy || null;
  const curves = useGet('/api/equity/curves', { query: { scope, by, measure, strategy: own, from_ms: from }, everyMs: REFRESH_MS, keep: true, enabled: !span || from !== null });
  const months = useGet('/api/equity/monthly', { query: { scope, strategy: own }, everyMs: 2 * REFRESH_MS, keep: true });
  return (
    <div className={css['page']}>
      <div className={css['tools']}>
        <h1 className="visually-hidden">{t.title}</h1>
        <Choice label={t.by} value={by} onChange={(one) => put('by', one === 'total' ? '' : one)} options={BYS.map((one) => [one, t[one]] as const)} />
        <Choice label={t.measure} value={measure} onChange={(one) => put('measure', one === 'net' ? '' : one)} options={(by === 'symbol' ? (['net', 'gross'] as const) : MEASURES).map((one) => [one, t[one]] as const)} />
        <Choice label={t.span} value={span} onChange={(one) => put('days', one)} options={[...SPANS.map((one) => [one, one === '365' ? t.year : fill(t.days, { n: one })] as const), ['' as const, t.all]]} />
        <Select label={t.of} value={strategy} onChange={(one) => put('strategy', one)} options={[['', t.everyone], ...[...new Set([...strategies, ...(strategy ? [strategy] : [])])].map((one) => [one, one] as const)]} />
      </div>
      <Loaded from={curves} lines={14}>
        {(data) => (
          <>
            <div className={css['main']}>
              <Chart of={data} stale={!live} />
              <Card title={t.months} className={css['months']} flush>
                <Loaded from={months} lines={4}>{(found) => <Months of={found} />}</Loaded>
              </Card>
            </div>
            <div className={css['aside']}>
              <Card title={t.figures} stale={!live} className={css['figures']}><Figures of={data.figures} /></Card>
              <Card title={<Term of="drawdown">{t.falls}</Term>} flush={data.falls.length > 0} className={css['falls']}><Falls of={data.falls} known={data.figures.net !== null} /></Card>
              {months.data && (
                <Card title={<Term of="regime">{fill(t.regimes, { reference: months.data.reference ? baseOf(months.data.reference) : '–' })}</Term>}>
                  <Regimes of={months.data} />
                </Card>
              )}
            </div>
          </>
        )}
      </Loaded>
    </div>
  );
}

function Chart({ of, stale }: { of: Curves; stale: boolean }) {
  const t = useTexts(words);
  const zone = useZone();
  const [table, setTable] = useState(false);
  const [seen, setSeen] = useState<{ from: number; to: number }>();
  const title = of.by === 'symbol' ? t.curveSymbol : { net: t.curve, gross: t.curveGross, realised: t.curveRealised }[of.measure];
  const empty = of.by === 'symbol' && of.figures.net !== null ? <Empty why={t.noTrades} /> : <Empty why={t.none} next={t.noneNext} />;
  const span = seen ? `&from=${seen.from}&to=${seen.to}` : '';
  const many = of.curves.length > 1 || of.by !== 'total';
  return (
    <Card
      title={title} flush stale={stale} className={css['chart']}
      aside={of.curves.length > 0 && (
        <Button small kind="bare" onClick={() => setTable(!table)}>{table ? t.chart : t.table}</Button>
      )}
    >
      {of.curves.length === 0 ? empty : table ? <Values of={of} /> : (
        <>
          <Late height="var(--chart-height)">
            <EquityChart key={`${of.scope}${of.by}${of.measure}`} curves={of.curves} falls={of.by === 'total' && of.measure === 'net' ? of.falls : []} zone={zone} summary={summaryOf(of, t, zone)} onSpan={setSeen} />
          </Late>
          {many && <Legend of={of} />}
          <p className={css['notice']}><span>{t.notice}</span> <Link to={`/trades?scope=${of.scope}${span}`}>{t.tradesOf} ›</Link></p>
        </>
      )}
    </Card>
  );
}

function summaryOf(of: Curves, t: Record<'summary' | 'summaryMany', string>, zone: string): string {
  const between = { from: day(of.from_ms, zone), to: day(of.to_ms, zone) };
  const [first] = of.curves;
  if (of.curves.length !== 1 || !first) {
    return fill(t.summaryMany, { ...between, n: of.curves.length, list: of.curves.map((one) => `${one.name} ${money((one.value.at(-1) ?? 0) - (one.begin ?? 0))}`).join(', ') });
  }
  const end = first.value.at(-1) ?? 0;
  return fill(t.summary, { ...between, begin: plain(first.begin), end: plain(end), change: change(end / (first.begin || 1) - 1), depth: percent(Math.min(0, ...first.below)) });
}

const Legend = ({ of }: { of: Curves }) => (
  <ul className={css['legend']}>
    {of.curves.map((one, i) => {
      const { colour, dash } = look(i);
      return (
        <li key={one.name}>
          <svg width="22" height="8" aria-hidden="true"><line x1="0" x2="22" y1="4" y2="4" stroke={`var(--${colour})`} strokeWidth="2.5" strokeDasharray={dash.join(' ')} /></svg>
          {of.by === 'symbol' ? baseOf(one.name) : one.name} <Result value={(one.value.at(-1) ?? 0) - (one.begin ?? 0)} />
        </li>
      );
    })}
  </ul>
);

function Values({ of }: { of: Curves }) {
  const t = useTexts(words);
  const zone = useZone();
  const [one] = of.curves;
  if (of.curves.length === 1 && one) {
    const step = Math.max(1, Math.ceil(one.t.length / 200));
    return (
      <div className={css['scroll']} tabIndex={0} role="region" aria-label={t.title}>
        <table>
          <thead><tr><th>{t.to}</th><th>USDT</th><th>{t.now}</th></tr></thead>
          <tbody>
            {one.t.map((ms, i) => i % step === 0 || i === one.t.length - 1 ? <tr key={ms}><td>{moment(ms, zone)}</td><td>{plain(one.value[i])}</td><td>{one.below.length ? percent(one.below[i]) : '–'}</td></tr> : null).reverse()}
          </tbody>
        </table>
      </div>
    );
  }
  return (
    <div className={css['scroll']} tabIndex={0} role="region" aria-label={t.title}>
      <table>
        <thead><tr><th>{t.name}</th><th>{t.from}</th><th>{t.end}</th><th>{t.change}</th></tr></thead>
        <tbody>{of.curves.map((curve) => <tr key={curve.name}><td>{curve.name}</td><td>{plain(curve.begin)}</td><td>{plain(curve.value.at(-1))}</td><td><Result value={(curve.value.at(-1) ?? 0) - (curve.begin ?? 0)} /></td></tr>)}</tbody>
      </table>
    </div>
  );
}

function Figures({ of }: { of: Schemas['EquityFigures'] }) {
  const t = useTexts(words);
  return (
    <Facts of={[
      [t.return, <b key="r"><Change fraction={of.net_return} /></b>],
      [<Term key="n" of="net">{t.money}</Term>, <span key="m"><Result value={of.net} /><Unit>USDT</Unit></span>],
      [<Term key="s" of="sharpe">{t.sharpe}</Term>, of.sharpe === null ? <span key="s" title={of.why || t.short}>n/a</span> : plain(of.sharpe)],
      [<Term key="d" of="drawdown">{t.maxDrawdown}</Term>, percent(of.max_drawdown)],
      [t.below, of.drawdown_days === null ? '–' : fill(t.days, { n: plain(of.drawdown_days, 1) })],
      [t.now, percent(of.drawdown_now)],
      [<Term key="x" of="expectancy">{t.exposure}</Term>, percent(of.exposure, 0)],
      [<Term key="f" of="fees">{t.fees}</Term>, <span key="f">{plain(of.fees)}<Unit>USDT</Unit></span>],
      [<Term key="u" of="funding">{t.funding}</Term>, <span key="u">{signed(-of.funding)}<Unit>USDT</Unit></span>],
      [t.share, percent(of.fee_share, 0)],
      [t.marked, of.days],
    ]} />
  );
}

/** 20 Nov 25 */
const brief = (ms: number, zone: string): string => day(ms, zone).replace(/ 20(\d\d)$/, ' $1');

function Falls({ of, known }: { of: readonly Schemas['FallSeen'][]; known: boolean }) {
  const t = useTexts(words);
  const zone = useZone();
  if (!of.length) return <Empty why={known ? t.noFalls : t.none} />;
  return (
    <table aria-label={t.falls}>
      <thead><tr><th>#</th><th>{t.depth}</th><th>{t.from}</th><th>{t.to}</th><th>{t.long}</th></tr></thead>
      <tbody>
        {of.map((fall) => (
          <tr key={fall.number}>
            <td>{fall.number}</td><td><b>{percent(fall.depth)}</b></td><td><time title={utc(fall.from_ms)}>{brief(fall.from_ms, zone)}</time></td><td>{fall.to_ms === null ? t.still : <time title={utc(fall.to_ms)}>{brief(fall.to_ms, zone)}</time>}</td><td>{plain(fall.days, 1)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
