/** Choose what to optimise, run it, look at every combination. Every parameter is free until one is fixed on purpose. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { Refusal, command } from '../../api/client';
import { forget, useGet } from '../../api/hooks';
import type { Schemas } from '../../api/types';
import { useWithKey } from '../../command/withKey';
import { Badge, Bar, Button, Card, Choice, Empty, Loaded, ProblemView, Select, Skeleton, Term, baseOf } from '../../components/parts';
import { NONE, probability, short } from '../../format/numbers';
import { day, duration } from '../../format/time';
import { useLive } from '../../live/hooks';
import { HeatPanel } from '../../research/HeatPanel';
import { Distribution, InAndOut, Strips, TopTen } from '../../research/Pictures';
import { fill, useTexts } from '../../text/language';
import css from './Explorer.module.css';
import { share, useJobs, type Job, type Progress } from './jobs';
import { words } from './texts';

type Order = { strategy: string; symbols: string[]; from_ms: number | null; to_ms: number | null; given: Record<string, (string | number | boolean)[]> };

export default function Explorer() {
  const t = useTexts(words);
  const answer = useGet('/api/optimization/strategies');
  return (
    <div className={css['page']}>
      <h1 className="visually-hidden">{t.title}</h1>
      <Loaded from={answer} lines={10}>{(all) => <Chosen all={all} />}</Loaded>
    </div>
  );
}

function Chosen({ all }: { all: Schemas['Optimisable'] }) {
  const t = useTexts(words);
  const [asked, setAsked] = useSearchParams();
  const first = all.items.find((one) => one.name === 'envelope_dca' && one.has_grid) ?? all.items.find((one) => one.has_grid) ?? all.items[0];
  const strategy = all.items.find((one) => one.name === asked.get('strategy')) ?? first;
  const put = (name: string, value: string | null) => setAsked((query) => {
    if (value === null || value === '') query.delete(name);
    else query.set(name, value);
    return query;
  }, { replace: true });
  if (!strategy) return <Empty why={t.noGrid} />;
  const there = all.candles.symbols.filter((one) => one.timeframe || all.candles.kind === 'none').map((one) => one.symbol);
  const wanted = (asked.get('assets') ?? '').split(',').filter((symbol) => there.includes(symbol));
  const symbols = wanted.length ? wanted : [strategy.symbols.find((one) => there.includes(one)) ?? there[0] ?? ''].filter(Boolean);
  const choose = (symbol: string) => put('assets', (symbols.includes(symbol) ? symbols.filter((one) => one !== symbol) : [...symbols, symbol]).join(',') || null);
  return (
    <>
      <div className={css['left']}>
        <Card title={t.choose} aside={<Term of="wfo">WFO</Term>}>
          <div className={css['form']}>
            <label className={css['line']}>{t.strategy}
              <Select label={t.strategy} value={strategy.name} options={all.items.map((one) => [one.name, one.name] as const)} onChange={(name) => setAsked({ strategy: name }, { replace: true })} />
            </label>
            <p className={css['about']}>{strategy.about}</p>
            <div className={css['assets']} role="group" aria-label={t.assets}>
              {there.map((symbol) => <button key={symbol} type="button" aria-pressed={symbols.includes(symbol)} onClick={() => choose(symbol)}>{baseOf(symbol)}</button>)}
              <button type="button" aria-pressed={symbols.length === there.length} onClick={() => put('assets', there.join(','))}>{t.every}</button>
            </div>
            <fieldset className={css['span']}>
              <legend>{t.span}</legend>
              <label>{t.from} <input type="date" value={asked.get('from') ?? ''} onChange={(event) => put('from', event.target.value)} /></label>
              <label>{t.to} <input type="date" value={asked.get('to') ?? ''} onChange={(event) => put('to', event.target.value)} /></label>
            </fieldset>
            <Candles candles={all.candles} symbols={symbols} />
            <Parameters strategy={strategy.name} symbols={symbols} asked={asked} put={put} />
          </div>
        </Card>
        <Jobs onShow={(run) => put('run', run)} />
      </div>
      <Look strategy={strategy.name} symbol={symbols[0] ?? ''} run={asked.get('run') ?? ''} onRun={(run) => put('run', run)} />
    </>
  );
}

function Candles({ candles, symbols }: { candles: Schemas['CandleStore']; symbols: readonly string[] }) {
  const t = useTexts(words);
  const one = candles.symbols.find((s) => s.symbol === symbols[0]);
  return (
    <p className={css['candles']}>
      {candles.kind === 'synthetic' && <><Badge tone="dashed">{t.synthetic}</Badge> </>}
      {candles.kind === 'stored' ? '' : candles.words}{' '}
      {one?.timeframe ? `${baseOf(one.symbol)}: ${one.timeframe}, ${day(one.from_ms, 'UTC')} – ${day(one.to_ms, 'UTC')}` : ''}
    </p>
  );
}

const ms = (date: string | null): number | null => (date ? Date.parse(`${date}T00:00:00Z`) : null);

function Parameters({ strategy, symbols, asked, put }: {
  strategy: string; symbols: string[]; asked: URLSearchParams; put: (name: string, value: string | null) => void;
}) {
  const answer = useGet('/api/optimization/grids/{strategy}', { path: { strategy }, immutable: true });
  return <Loaded from={answer} lines={6}>{(grid) => <Grid grid={grid} symbols={symbols} asked={asked} put={put} />}</Loaded>;
}

function Grid({ grid, symbols, asked, put }: {
  grid: Schemas['GridView']; symbols: string[]; asked: URLSearchParams; put: (name: string, value: string | null) => void;
}) {
  const t = useTexts(words);
  const fixed = (name: string) => asked.get(`fix.${name}`);
  const [inAddress, chosen] = [asked.toString(), symbols.join(',')];
  const order = useMemo<Order>(() => {
    const asked = new URLSearchParams(inAddress);
    const given: Order['given'] = {};
    for (const p of grid.parameters) {
      const text = asked.get(`fix.${p.name}`);
      if (text === null) continue;
      const value = p.type === 'string' ? text : p.type === 'boolean' ? text === 'true' : Number(text);
      if (text !== '' && !(typeof value === 'number' && Number.isNaN(value))) given[p.name] = [value];
    }
    return { strategy: grid.strategy, symbols: chosen.split(','), from_ms: ms(asked.get('from')), to_ms: ms(asked.get('to')), given };
  }, [grid, chosen, inAddress]);
  const inGrid = grid.parameters.filter((p) => p.values.length > 0);
  return (
    <>
      <div className={css['line']}>
        <span><Term of="window">{fill(t.windows, { i: grid.in_sample_days, o: grid.out_of_sample_days })}</Term></span>
        <span className={css['hint']}><Term of="combination">{grid.objective}</Term></span>
      </div>
      {!inGrid.length && <p role="note">{t.noGrid}</p>}
      <table className={css['parameters']}>
        <tbody>
          {grid.parameters.map((p) => {
            const value = fixed(p.name);
            const options = p.values.length ? p.values : [p.default];
            return (
              <tr key={p.name}>
                <th scope="row" title={p.help}>{p.name}</th>
                <td>
                  {p.values.length > 0 ? (
                    <Choice
                      label={fill(t.modeOf, { name: p.name })} value={value === null ? 'all' : 'fix'} options={[['all', t.free], ['fix', t.fix]]}
                      onChange={(way) => put(`fix.${p.name}`, way === 'all' ? null : String(options.includes(p.default) ? p.default : options[0]))}
                    />
                  ) : <span className={css['hint']}>{fill(t.notInGrid, { value: String(p.default) })}</span>}
                </td>
                <td>
                  {p.values.length > 0 && (value === null ? (
                    <span className={css['values']}>{p.values.map((one, i) => <b key={i}>{String(one)}</b>)}</span>
                  ) : (
                    <Select label={fill(t.fixAt, { name: p.name })} value={value} options={options.map((one) => [String(one), String(one)] as const)} onChange={(text) => put(`fix.${p.name}`, text)} />
                  ))}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <Run order={order} grid={grid} />
    </>
  );
}

/** `value` once it has not changed for a moment. */
function useCalm<T>(value: T): T {
  const [calm, setCalm] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setCalm(value), 200);
    return () => clearTimeout(timer);
  }, [value]);
  return calm;
}

function Run({ order, grid }: { order: Order; grid: Schemas['GridView'] }) {
  const t = useTexts(words);
  const calm = useCalm(order);
  const live = useLive();
  const withKey = useWithKey();
  const [told, setTold] = useState<Schemas['Submission']>();
  const [error, setError] = useState<unknown>();
  const estimate = useQuery<Schemas['Estimates'], Refusal>({
    queryKey: ['estimate', calm], queryFn: async () => (await command('POST', '/api/optimization/estimate', calm)) as Schemas['Estimates'],
    retry: (failures, failed) => failures < 4 && failed.status === 503, retryDelay: 1000, staleTime: 30_000, placeholderData: (before) => before,
  });
  const submit = async () => {
    setError(undefined);
    try {
      setTold((await command('POST', '/api/optimization/jobs', order)) as Schemas['Submission']);
      void forget('/api/optimization/jobs');
    } catch (failed) {
      setError(failed);
    }
  };
  const press = () => {
    setTold(undefined);
    withKey(() => void submit());
  };
  const items = estimate.data?.items ?? [];
  const able = items.filter((one) => !one.refused);
  const [sample] = able.length ? able : items;
  const factors = grid.parameters.filter((p) => p.values.length > 0).map((p) => (p.name in order.given ? 1 : p.values.length));
  const single = sample !== undefined && sample.grid <= 1;
  const seconds = able.reduce((sum, one) => sum + one.seconds, 0) + able.length;
  return (
    <div className={css['run']} aria-busy={estimate.isFetching}>
      <div aria-live="polite">
        {estimate.error && !estimate.data ? <ProblemView error={estimate.error} retry={() => void estimate.refetch()} /> : !sample ? <Skeleton lines={2} /> : (
          <>
            <p className={css['count']}>{fill(t.count, { factors: factors.join(' × ') || '1', n: sample.grid.toLocaleString('en'), a: order.symbols.length > 1 ? fill(t.someAssets, { n: order.symbols.length }) : t.asset, w: sample.windows || NONE })}</p>
            {sample.search === 'sampled' && <p className={css['warn']}>{fill(t.sampled, { grid: sample.grid.toLocaleString('en'), most: sample.most.toLocaleString('en') })}</p>}
            {able.length > 0 && <p className={css['hint']}>{fill(t.seconds, { s: seconds < 1 ? t.less : duration(Math.ceil(seconds) * 1000) })}; <Term of="trials">{fill(t.trials, { n: items.reduce((sum, one) => sum + one.trials, 0).toLocaleString('en') })}</Term></p>}
            {items.filter((one) => one.refused).map((one) => <p key={one.symbol} className={css['warn']}>{fill(t.refused, { symbol: one.symbol, why: one.refused })}</p>)}
            {single && <p className={css['warn']}>{t.one}</p>}
          </>
        )}
      </div>
      <div className={css['line']}>
        <Button onClick={press} disabled={!live || !able.length || single || calm !== order}>{t.run}</Button>
        {told && <span role="status">{fill(t.sent, { id: told.job_id, n: told.ahead })}</span>}
      </div>
      {error !== undefined && <ProblemView error={error} />}
    </div>
  );
}

function Jobs({ onShow }: { onShow: (run: string) => void }) {
  const t = useTexts(words);
  const live = useLive();
  const { jobs, known } = useJobs(8);
  return (
    <Card title={t.jobs} stale={!live}>
      {!known ? <Skeleton /> : !jobs.length ? <Empty why={t.noJobs} next={t.noJobsNext} /> : (
        <ul className={css['jobs']}>{jobs.map((job) => <JobLine key={job.job_id} job={job} onShow={onShow} />)}</ul>
      )}
    </Card>
  );
}

function JobLine({ job, onShow }: { job: Job; onShow: (run: string) => void }) {
  const t = useTexts(words);
  const withKey = useWithKey();
  const [error, setError] = useState<unknown>();
  const cancel = () => void command('DELETE', `/api/optimization/jobs/${job.job_id}`).then(() => forget('/api/optimization/jobs')).catch(setError);
  const { symbol, stage, window = 0, windows = 0, done = 0, seconds = 0 } = job.progress as Progress;
  const open = job.state === 'running' || job.state === 'waiting';
  const state = job.state === 'running'
    ? (symbol ? fill(t.running, { symbol: baseOf(symbol), stage: stage ?? '', w: window, n: windows }) : t.begins)
    : job.state === 'waiting' ? t.waiting : job.state === 'done' ? t.done : job.state === 'failed' ? `${t.failed}: ${job.detail}` : t.cancelled;
  return (
    <li data-state={job.state}>
      <div className={css['line']}>
        <span><b>{job.strategy}</b> {job.symbols.map(baseOf).join(' ')}</span>
        <span>
          {job.fingerprints.length > 0 && <Button small kind="bare" onClick={() => onShow(job.fingerprints.at(-1) ?? '')}>{t.show}</Button>}
          {job.fingerprints.map((run, i) => <Link key={run} className={css['link']} to={`/research/runs/${run.slice(0, 16)}`}>{job.fingerprints.length > 1 ? baseOf(job.symbols[i] ?? '') : t.verdict}</Link>)}
          {open && <Button small onClick={() => withKey(cancel)}>{t.cancel}</Button>}
        </span>
      </div>
      <div className={css['line']}>
        <span className={css['hint']}>{state}</span>
        {job.state === 'running' && <span className={css['hint']}>{probability(share(job))}{seconds > 0 ? `, ${fill(t.rate, { r: short(done / seconds) })}` : ''}</span>}
      </div>
      {job.state === 'running' && <Bar used={share(job) * 0.69} limit={0.69 / 0.69} label={t.jobs} />}
      {error !== undefined && <ProblemView error={error} />}
    </li>
  );
}

const TABS = ['top', 'scatter', 'distribution', 'strips'] as const;

function Look({ strategy, symbol, run, onRun }: { strategy: string; symbol: string; run: string; onRun: (run: string) => void }) {
  const t = useTexts(words);
  const [tab, setTab] = useState<(typeof TABS)[number]>('top');
  const runs = useGet('/api/optimization/runs', { query: { strategy, limit: 30 }, keep: true });
  const { jobs } = useJobs(8);
  const brought = jobs.flatMap((job) => job.fingerprints).length;
  useEffect(() => {
    void forget('/api/optimization/runs');
  }, [brought]);
  const items = runs.data?.items ?? [];
  const one = items.find((item) => run && item.fingerprint.startsWith(run)) ?? items.find((item) => item.symbol === symbol) ?? items[0];
  return (
    <div className={css['right']}>
      <Card
        title={one ? <>{one.strategy}, {one.symbol} <Link className={css['link']} to={`/research/runs/${one.fingerprint.slice(0, 16)}`}>{t.verdict} {one.grade} ›</Link></> : t.look}
        aside={items.length > 1 && one ? <Select label={t.result} value={one.fingerprint} options={items.map((item) => [item.fingerprint, `${item.symbol} ${item.grade} ${day(item.ts_ms, 'UTC')} (${item.combinations.toLocaleString('en')})`] as const)} onChange={onRun} /> : undefined}
      >
        <Loaded from={runs} lines={10}>{() => (one ? <HeatPanel run={one} key={one.fingerprint} /> : <Empty why={fill(t.noRun, { strategy })} next={t.noRunNext} />)}</Loaded>
      </Card>
      {one && (
        <Card title={t[tab]} aside={<Choice label={t.tab} value={tab} options={TABS.map((name) => [name, t[name]] as const)} onChange={setTab} />}>
          {tab === 'top' ? <TopTen run={one} /> : tab === 'scatter' ? <ScatterOf run={one} /> : tab === 'distribution' ? <Distribution run={one} /> : <Strips run={one} />}
        </Card>
      )}
    </div>
  );
}

function ScatterOf({ run }: { run: Schemas['RunSummary'] }) {
  const answer = useGet('/api/optimization/runs/{fingerprint}', { path: { fingerprint: run.fingerprint } });
  return <Loaded from={answer}>{(detail) => <InAndOut run={run} windows={detail.windows} />}</Loaded>;
}
