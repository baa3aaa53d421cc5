/** One run: grade with its points, gate with its lines, and every part of the verdict. The server computed all of it. */
import { lazy, useMemo } from 'react';
import { Link, useSearchParams } from 'wouter';
import { useGet } from '../../api/hooks';
import type { Schemas } from '../../api/types';
import { token } from '../../charts/chart-tokens';
import { Late } from '../../charts/Late';
import { Badge, Card, Change, Facts, Loaded, Term, baseOf } from '../../components/parts';
import { usePhone } from '../../components/Table';
import type { TermKey } from '../../glossary/terms';
import { percent, plain, probability } from '../../format/numbers';
import { day, duration, moment } from '../../format/time';
import { Histogram } from '../../research/drawings';
import { HeatPanel } from '../../research/HeatPanel';
import { Distribution, InAndOut, Strips, TopTen } from '../../research/Pictures';
import { Tornado } from '../../research/Tornado';
import { fill, useTexts } from '../../text/language';
import css from './Research.module.css';
import { words } from './texts';
import type { Rest } from './verdict-of';
import { Windows } from './Windows';

type Detail = Schemas['RunDetail'];
const Plot = lazy(() => import('../../charts/Plot'));
const TABS = ['windows', 'equity', 'scatter', 'distribution', 'overfitting', 'bootstrap', 'stability', 'tails', 'regimes', 'heatmap', 'deploy', 'provenance'] as const;
type Tab = (typeof TABS)[number];

const TERM: Record<string, TermKey> = { consistency: 'consistency', transfer: 'oos_is', 'deflated Sharpe': 'dsr', instability: 'instability', 'out-of-sample Sharpe': 'sharpe' };

export function Verdict({ id }: { id: string }) {
  const answer = useGet('/api/optimization/runs/{fingerprint}', { path: { fingerprint: id } });
  return <Loaded from={answer} lines={12}>{(detail) => <Whole detail={detail} />}</Loaded>;
}

function Whole({ detail }: { detail: Detail }) {
  const t = useTexts(words);
  const phone = usePhone();
  const [asked, setAsked] = useSearchParams();
  const { run } = detail;
  const rest = detail.detail as unknown as Rest;
  const tab: Tab = TABS.find((one) => one === asked.get('tab')) ?? 'windows';
  const open = (next: Tab) => setAsked((query) => {
    query.set('tab', next);
    return query;
  }, { replace: true });
  return (
    <>
      <p className={css['crumb']}><Link to="/research">‹ {t.back}</Link></p>
      <div className={css['verdict']}>
        <Card title={<>{run.strategy} {baseOf(run.symbol)} {run.timeframe}, {run.windows} {t.windows.toLowerCase()}</>} aside={<Badge tone="filled">{run.grade} {plain(run.score, 1)}</Badge>}>
          <ul className={css['criteria']}>
            {detail.criteria.map((c) => (
              <li key={c.name}>
                <span>{TERM[c.name] ? <Term of={TERM[c.name] as TermKey}>{c.name}</Term> : c.name}</span>
                <b>{c.name === 'consistency' ? percent(c.figure, 0) : plain(c.figure, 2)}</b>
                <span className={css['points']} role="meter" aria-label={c.name} aria-valuemin={0} aria-valuemax={c.most ?? 0} aria-valuenow={c.points ?? 0}><i style={{ width: `${((c.points ?? 0) / (c.most || 1)) * 100}%` }} /></span>
                <span className={css['dim']} aria-label={fill(t.pointsOf, { p: plain(c.points, 1), m: plain(c.most, 0) })}>{plain(c.points, 1)} / {plain(c.most, 0)}</span>
              </li>
            ))}
          </ul>
          <p className={css['sentence']}>{detail.sentence}</p>
        </Card>
        <Card title={<Term of="gate">{fill(t.gateTitle, { state: run.gate_passed ? t.OPEN : t.CLOSED })}</Term>}>
          <ul className={css['gate']}>
            {detail.gate.map((line) => (
              <li key={line.criterion} data-fails={!line.passed || undefined}>
                <span aria-label={line.passed ? t.ok : t.fails}>{line.passed ? '✓' : '✗'}</span>
                <span>{line.criterion} {line.comparison === '>=' ? '≥' : '≤'} {limitOf(line)}</span>
                <b>{line.defined ? figureOf(line) : 'n/a'}</b>
              </li>
            ))}
          </ul>
          <p className={css['dim']}>{fill(t.facts, { c: run.combinations.toLocaleString('en'), t: run.trials.toLocaleString('en'), d: rest.data_digest.slice(0, 8), v: run.code_version.slice(0, 8), s: took(run.duration_s), when: moment(run.ts_ms, 'UTC') })}</p>
        </Card>
      </div>
      {phone ? TABS.map((one) => (
        <details key={one} className={css['part']} open={one === tab} onToggle={(event) => event.currentTarget.open && one !== tab && open(one)}>
          <summary>{t[one]}</summary>
          {one === tab && <div className={css['panel']}><Part tab={one} detail={detail} rest={rest} /></div>}
        </details>
      )) : (
        <Card>
          <div className={css['tabs']} role="tablist" aria-label={t.tabs}>
            {TABS.map((one) => (
              <button
                key={one} id={`tab-${one}`} type="button" role="tab" aria-selected={one === tab} aria-controls="part" tabIndex={one === tab ? 0 : -1} onClick={() => open(one)}
                onKeyDown={(event) => {
                  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
                  const next = by && TABS[(TABS.indexOf(one) + by + TABS.length) % TABS.length];
                  if (!next) return;
                  open(next);
                  document.getElementById(`tab-${next}`)?.focus();
                }}
              >{t[one]}</button>
            ))}
          </div>
          <div id="part" role="tabpanel" aria-labelledby={`tab-${tab}`} className={css['panel']}><Part tab={tab} detail={detail} rest={rest} /></div>
        </Card>
      )}
    </>
  );
}

const share = (name: string): boolean => /return|day|shortfall|gap/.test(name) && !/under water/.test(name);
const figure = (value: number | null, limit: number | null): string => plain(value, Number.isInteger(limit) && Number.isInteger(value) ? 0 : 2);
const took = (seconds: number): string => (seconds < 10 ? `${plain(seconds, 1)} s` : duration(seconds * 1000));
const figureOf = (line: Schemas['GateLine']): string => (share(line.criterion) ? percent(line.figure, 1) : figure(line.figure, line.limit));
const limitOf = (line: Schemas['GateLine']): string => (share(line.criterion) ? percent(line.limit, 1) : figure(line.limit, line.limit));

function Part({ tab, detail, rest }: { tab: Tab; detail: Detail; rest: Rest }) {
  const { run } = detail;
  switch (tab) {
    case 'windows': return <Windows windows={detail.windows} />;
    case 'equity': return <Equity detail={detail} />;
    case 'scatter': return <InAndOut run={run} windows={detail.windows} />;
    case 'distribution': return <><Distribution run={run} /><Strips run={run} /></>;
    case 'overfitting': return <Overfitting of={rest.verdict.overfitting} />;
    case 'bootstrap': return <Bootstrap of={rest.verdict.bootstrap} observed={run.sharpe} curve={detail.curve} />;
    case 'stability': return <Stability detail={detail} rest={rest} />;
    case 'tails': return <Tails of={rest.verdict.tail} />;
    case 'regimes': return <Regimes of={rest.verdict.regimes} />;
    case 'heatmap': return <><HeatPanel run={run} /><TopTen run={run} /></>;
    case 'deploy': return <Deploy detail={detail} rest={rest} />;
    case 'provenance': return <Provenance detail={detail} rest={rest} />;
  }
}

function Equity({ detail }: { detail: Detail }) {
  const t = useTexts(words);
  const { days, equity } = detail.curve;
  const drawn = useMemo(() => ({
    x: [(days[0] ?? 1) - 1, ...days].map((n) => n * 86_400), curves: [{ label: t.equityLine, values: equity, width: 2 }],
  }), [days, equity, t]);
  return <Late height={280}><Plot x={drawn.x} curves={drawn.curves} height={280} time format={(v) => plain(v, 2)} summary={fill(t.equitySummary, { end: plain(equity.at(-1), 3) })} /></Late>;
}

function Overfitting({ of }: { of: Rest['verdict']['overfitting'] }) {
  const t = useTexts(words);
  if (!of.defined) return <p>{fill(t.undefinedWhy, { why: t.tooFew })}</p>;
  const said = fill(t.pboSaid, { p: percent(of.probability, 0) });
  return (
    <>
      <p><Term of="logit">{t.logits}</Term></p>
      <Histogram of={of.histogram} filled={0} summary={said} height={200} />
      <p><b>{said}</b> <span className={css['dim']}>{fill(t.pboMore, { n: of.combinations.toLocaleString('en'), b: of.blocks, s: plain(of.slope, 2) })}</span></p>
    </>
  );
}

function Bootstrap({ of, observed, curve }: { of: Rest['verdict']['bootstrap']; observed: number | null | undefined; curve: Detail['curve'] }) {
  const t = useTexts(words);
  const said = fill(t.bootSaid, { n: of.resamples.toLocaleString('en'), b: plain(of.block_days, 1), p: probability(of.p_value) });
  const lines = [{ at: of.sharpe[0], label: `${t.low} ${plain(of.sharpe[0], 2)}` }, { at: of.sharpe[1], label: `${t.high} ${plain(of.sharpe[1], 2)}` }, ...(typeof observed === 'number' ? [{ at: observed, label: `${t.observed} ${plain(observed, 2)}` }] : [])];
  return (
    <>
      <p><Term of="bootstrap">{t.resampled}</Term>{of.underpowered && <> <Badge tone="warn">{t.under}</Badge></>}</p>
      {of.histogram ? <Histogram of={of.histogram} filled={0} lines={lines} summary={said} height={200} /> : <p className={css['dim']}>{t.noHistogram}</p>}
      <p><b>{said}</b></p>
      <Facts of={[
        [t.interval, `${plain(of.sharpe[0], 2)} … ${plain(of.sharpe[1], 2)}`], [t.returnInterval, `${percent(of.net_return[0], 1)} … ${percent(of.net_return[1], 1)}`],
        [t.worst, percent(of.worst_drawdown, 1)],
      ]} />
      {of.fan && <Fan of={of.fan} curve={curve} />}
    </>
  );
}

const BETWEEN = [[0, 4], [1, 3]] as const;

/** Resampled equity day by day, and what happened. */
function Fan({ of, curve }: { of: NonNullable<Rest['verdict']['bootstrap']['fan']>; curve: Detail['curve'] }) {
  const t = useTexts(words);
  const drawn = useMemo(() => {
    const shares = Object.entries(of.bands).sort(([a], [b]) => parseFloat(b) - parseFloat(a));
    return {
      x: [0, ...of.days],
      curves: [
        ...shares.map(([share, values]) => ({ label: fill(t.below, { share }), values: [1, ...values], colour: token(share === '50%' ? 'text-2' : 'text-3'), width: share === '50%' ? 1.5 : 0.5 })),
        { label: t.observed, values: [1, ...of.days.map((day) => curve.equity[day] ?? null)], width: 2, colour: token('text-1') },
      ],
    };
  }, [of, curve, t]);
  return (
    <>
      <p>{t.fan}</p>
      <Late height={260}><Plot x={drawn.x} curves={drawn.curves} bands={BETWEEN} height={260} format={(v) => plain(v, 2)} summary={t.fanSummary} /></Late>
    </>
  );
}

function Stability({ detail, rest }: { detail: Detail; rest: Rest }) {
  const t = useTexts(words);
  const { instability } = rest.verdict;
  const criterion = detail.criteria.find((c) => c.name === 'instability');
  return (
    <>
      <Facts of={[[<Term key="t" of="instability">{t.instability}</Term>, instability.defined ? plain(instability.value, 3) : 'n/a'], [t.score, `${plain(criterion?.points, 1)} / ${plain(criterion?.most, 0)}`]]} />
      <p className={css['dim']}>{t.stabilityHelp}</p>
      <Tornado run={detail.run} />
      <Strips run={detail.run} />
    </>
  );
}

function Tails({ of }: { of: Rest['verdict']['tail'] }) {
  const t = useTexts(words);
  const part = (one: { value: number; defined: boolean }) => (one.defined ? percent(one.value, 1) : 'n/a');
  return (
    <Facts of={[
      [t.worstDay, part(of.worst_day)], [<Term key="t" of="shortfall">{t.shortfall}</Term>, part(of.expected_shortfall)],
      [t.lossToWin, of.loss_to_win.defined ? plain(of.loss_to_win.value, 1) : 'n/a'], [<Term key="w" of="drawdown">{t.water}</Term>, fill(t.days, { n: of.under_water_days })],
      [t.crash, part(of.crash_return)], ...of.gaps.map((gap) => [fill(t.gap, { s: percent(gap.size, 0) }), percent(-gap.loss, 1)] as const),
    ]} />
  );
}

function Regimes({ of }: { of: Rest['verdict']['regimes'] }) {
  const t = useTexts(words);
  return (
    <table className={css['table']}>
      <thead><tr><th scope="col"><Term of="regime">{t.regime}</Term></th><th scope="col">{t.regimeDays}</th><th scope="col">{t.change}</th><th scope="col">{t.net}</th><th scope="col">{t.trades}</th><th scope="col">{t.wins}</th></tr></thead>
      <tbody>{of.map((one) => <tr key={one.name}><th scope="row">{one.name}</th><td>{one.days}</td><td>{percent(one.change, 1)}</td><td><Change fraction={one.net_return} decimals={1} /></td><td>{one.trades}</td><td>{one.wins}</td></tr>)}</tbody>
    </table>
  );
}

function Deploy({ detail, rest }: { detail: Detail; rest: Rest }) {
  const t = useTexts(words);
  const { run } = detail;
  const params = Object.entries(run.params);
  return (
    <>
      {params.length ? <Facts of={params.map(([name, value]) => [name, <b key={name}>{String(value)}</b>])} /> : <p>{t.deployNone}</p>}
      <p className={css['dim']}>{fill(t.deployWhy, { o: rest.job.choice.objective, from: day(rest.latest[0], 'UTC'), to: day(rest.latest[1], 'UTC') })}</p>
      <p>{t.deployHow} <code>scalp-radar optimize {run.strategy} --symbol {run.symbol} --apply</code></p>
    </>
  );
}

function Provenance({ detail, rest }: { detail: Detail; rest: Rest }) {
  const t = useTexts(words);
  const { run } = detail;
  const { rule, costs } = rest.job;
  return (
    <div className={css['provenance']}>
      <Facts of={[
        [t.fingerprint, <code key="f">{run.fingerprint}</code>], [t.hash, <code key="h">{run.result_hash}</code>], [t.data, <code key="d">{rest.data_digest}</code>],
        [t.span, `${day(run.from_ms, 'UTC')} – ${day(run.to_ms, 'UTC')}`], [t.origin, run.origin], [t.code, <code key="c">{run.code_version}</code>], [t.took, took(run.duration_s)],
        [t.rule, `${rule.in_sample_days} / ${rule.out_of_sample_days} / ${rule.step_days} d${rule.anchored ? ', anchored' : ''}`],
        [t.costs, fill(t.fees, { m: percent(costs.maker_fee, 3), t: percent(costs.taker_fee, 3), s: percent(costs.slippage, 3), l: costs.leverage })], [t.seed, rest.job.seed],
        [t.export, <code key="e">scalp-radar results export {run.fingerprint.slice(0, 12)} run.parquet</code>],
      ]} />
    </div>
  );
}
