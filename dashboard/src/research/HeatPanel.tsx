/** A figure over the parameters of a run: two axes with the rest brought together, a slice, or one cell a combination. */
import { useMemo, useState } from 'react';
import { useSearchParams } from 'wouter';
import { useGet } from '../api/hooks';
import type { Schemas } from '../api/types';
import { Choice, Empty, Loaded, Select } from '../components/parts';
import { percent, plain, short } from '../format/numbers';
import { fill, useTexts } from '../text/language';
import type { Scale } from './colours';
import { nested, type Combos, type Parameter } from './combos';
import { Heat, type Marked } from './Heat';
import css from './HeatPanel.module.css';
import { words } from './texts';
import { useCombos } from './useCombos';

export const FIGURES = ['out.sharpe', 'out.return', 'out.drawdown', 'out.trades', 'in.sharpe', 'in.return', 'in.drawdown', 'in.trades'] as const;
export type Figure = (typeof FIGURES)[number];
const WAYS = ['median', 'mean', 'min', 'positive', 'max'] as const;
const VIEWS = ['axes', 'slice', 'cells'] as const;

/** How a figure is written. */
export const written = (figure: string) => (value: number): string =>
  figure.endsWith('sharpe') ? plain(value, 2) : figure.endsWith('trades') ? short(value) : percent(value, 1);

const label = (value: string | number | boolean): string => String(value);

export function HeatPanel({ run }: { run: Schemas['RunSummary'] }) {
  const t = useTexts(words);
  const [asked, setAsked] = useSearchParams();
  const one = <T extends string>(name: string, allowed: readonly T[], other: T): T => allowed.find((v) => v === asked.get(name)) ?? other;
  const put = (name: string, value: string) => setAsked((query) => {
    query.set(name, value);
    return query;
  }, { replace: true });
  const metric = one('metric', FIGURES, 'out.sharpe');
  const view = one('view', VIEWS, 'axes');
  const at = Number(asked.get('window') ?? NaN);
  const window = Number.isInteger(at) && at >= 0 && at < run.windows ? at : null;
  const figures = useMemo(() => [...new Set([metric, 'out.sharpe', 'in.sharpe', 'in.trades'])], [metric]);
  const combos = useCombos(run.fingerprint, figures, window);
  return (
    <Loaded from={combos} lines={8}>
      {(all) => {
        const free = all.parameters.filter((p) => p.values.length > 1);
        const names = free.map((p) => p.name);
        if (free.length < 2) return <Empty why={fill(t.oneAxis, { n: free.length })} next={t.oneAxisNext} />;
        const x = one('x', names, names[0] ?? '');
        const y = one('y', names.filter((name) => name !== x), names.find((name) => name !== x) ?? '');
        const way = one('others', WAYS, 'median');
        const pairs = (list: readonly string[]) => list.map((name) => [name, name] as const);
        return (
          <div className={css['panel']}>
            <div className={css['tools']}>
              <label>{t.x}<Select label={t.x} value={x} options={pairs(names)} onChange={(v) => put('x', v)} /></label>
              <label>{t.y}<Select label={t.y} value={y} options={pairs(names.filter((name) => name !== x))} onChange={(v) => put('y', v)} /></label>
              <label>{t.metric}<Select label={t.metric} value={metric} options={FIGURES.map((f) => [f, t[f]] as const)} onChange={(v) => put('metric', v)} /></label>
              {view !== 'cells' && <label>{t.others}<Select label={t.others} value={way} options={WAYS.map((w) => [w, t[w]] as const)} onChange={(v) => put('others', v)} /></label>}
              <label>{t.window}<Select label={t.window} value={window === null ? '' : String(window)} options={[['', t.all], ...Array.from({ length: run.windows }, (_, i) => [String(i), String(i + 1)] as const)]} onChange={(v) => put('window', v)} /></label>
              <Choice label={t.view} value={view} options={VIEWS.map((v) => [v, t[v]] as const)} onChange={(v) => put('view', v)} />
            </div>
            {view === 'cells' ? <Cells all={all} run={run} x={x} y={y} metric={metric} /> : <Pair all={all} run={run} x={x} y={y} metric={metric} way={way} window={window} slice={view === 'slice'} />}
          </div>
        );
      }}
    </Loaded>
  );
}

function scaleOf(metric: string, way: string, low: number, high: number): Scale {
  const diverging = way !== 'positive' && (metric.endsWith('sharpe') || metric.endsWith('return'));
  return diverging ? { kind: 'diverging', low, high } : way === 'positive' ? { kind: 'sequential', low: 0, high: 1 } : { kind: 'sequential', low, high };
}

/** Two parameters, the others brought together or held. */
function Pair({ all, run, x, y, metric, way, window, slice }: {
  all: Combos; run: Schemas['RunSummary']; x: string; y: string; metric: Figure; way: (typeof WAYS)[number]; window: number | null; slice: boolean;
}) {
  const t = useTexts(words);
  const [held, setHeld] = useState<Record<string, number>>({});
  const [picked, setPicked] = useState<number>();
  const others = all.parameters.filter((p) => p.name !== x && p.name !== y && p.values.length > 1);
  const fix = slice ? others.map((p) => `${p.name}:${held[p.name] ?? Math.floor((p.values.length - 1) / 2)}`) : [];
  const answer = useGet('/api/optimization/runs/{fingerprint}/heatmap', {
    path: { fingerprint: run.fingerprint }, query: { x, y, figure: metric, aggregate: way, window, fix }, immutable: true, keep: true,
  });
  return (
    <>
      {slice && (
        <div className={css['tools']}>
          {others.map((p) => (
            <label key={p.name}>{p.name}
              <Select label={p.name} value={String(held[p.name] ?? Math.floor((p.values.length - 1) / 2))} options={p.values.map((v, i) => [String(i), label(v)] as const)} onChange={(v) => setHeld((now) => ({ ...now, [p.name]: Number(v) }))} />
            </label>
          ))}
        </div>
      )}
      <Loaded from={answer} lines={8}>
        {(map) => <Drawn map={map} all={all} run={run} metric={metric} way={way} picked={picked} fix={fix} onPick={setPicked} key={`${x} ${y}`} />}
      </Loaded>
      <Legend />
      {answer.data && <span className="visually-hidden">{t[metric]}</span>}
    </>
  );
}

function Drawn({ map, all, run, metric, way, picked, fix, onPick }: {
  map: Schemas['Heatmap']; all: Combos; run: Schemas['RunSummary']; metric: Figure; way: string; picked: number | undefined; fix: readonly string[]; onPick: (at: number) => void;
}) {
  const t = useTexts(words);
  const [columns, rows] = [map.x.values.length, map.y.values.length];
  const drawn = useMemo(() => {
    const values = Float64Array.from(map.cells.flat(), (v) => v ?? NaN);
    const marks: Marked[] = map.marks.filter((m) => m.x >= 0 && m.y >= 0).map((m) => ({ kind: m.kind, at: m.y * columns + m.x, label: m.window === null ? '' : String(m.window + 1) }));
    return {
      values, marks, few: map.few.flat(), counts: map.counts.flat(), scale: scaleOf(metric, way, map.low ?? 0, map.high ?? 0), format: written(way === 'positive' ? 'out.return' : metric),
      xs: map.x.values.map((v) => label(v as string)), ys: map.y.values.map((v) => label(v as string)),
    };
  }, [map, metric, way, columns]);
  const deployed = drawn.marks.find((m) => m.kind === 'deploy');
  const level = deployed && drawn.values[deployed.at];
  const contour = level !== undefined && level > 0 && metric.endsWith('sharpe') ? level * 0.9 : undefined;
  const name = (at: number) => `${drawn.xs[at % columns] ?? ''} / ${drawn.ys[Math.floor(at / columns)] ?? ''}`;
  return (
    <>
      <Heat
        columns={columns} rows={rows} values={drawn.values} few={drawn.few} marks={drawn.marks} scale={drawn.scale} xName={map.x.name} yName={map.y.name} xLabels={drawn.xs} yLabels={drawn.ys}
        format={drawn.format} contour={contour} onPick={onPick}
        summary={fill(t.summary, { metric: t[metric], x: map.x.name, y: map.y.name, n: columns * rows, low: drawn.format(map.low ?? 0), high: drawn.format(map.high ?? 0) })}
        readout={(at) => {
          const value = drawn.values[at] ?? NaN;
          return <><b>{name(at)}</b> {Number.isNaN(value) ? t.notComputed : `${t[metric]} ${drawn.format(value)}`} · {fill(t.behind, { n: drawn.counts[at] ?? 0 })}{drawn.few[at] ? ` · ${t.few}` : ''}</>;
        }}
      />
      {picked !== undefined && <Behind all={all} run={run} metric={metric} place={[map.x.name, picked % columns, map.y.name, Math.floor(picked / columns)]} fix={fix} />}
    </>
  );
}

/** The best combinations behind a cell. */
function Behind({ all, metric, place, fix }: { all: Combos; run: Schemas['RunSummary']; metric: Figure; place: readonly [string, number, string, number]; fix: readonly string[] }) {
  const t = useTexts(words);
  const [x, i, y, j] = place;
  const values = all.figures.get(metric)?.values;
  if (!values) return null;
  const held: readonly (readonly [Parameter | undefined, number])[] = [[x, i], [y, j], ...fix.map((one) => one.split(':')).map(([name, at]) => [name ?? '', Number(at)] as const)]
    .map(([name, at]) => [all.parameters.find((p) => p.name === name), Number(at)] as const);
  const found: number[] = [];
  for (let row = 0; row < all.rows; row++) if (held.every(([p, at]) => p?.codes[row] === at)) found.push(row);
  const sign = metric.endsWith('drawdown') ? 1 : -1;
  found.sort((a, b) => sign * ((values[a] ?? 0) - (values[b] ?? 0)));
  const shown = found.slice(0, 10);
  const value = (name: string, at: number) => label(all.parameters.find((p) => p.name === name)?.values[at] ?? '');
  return (
    <section className={css['behind']}>
      <h3>{fill(t.cellOf, { x: value(x, i), y: value(y, j), n: shown.length, metric: t[metric] })}</h3>
      <ul>{shown.map((row) => <li key={row}><Combination all={all} row={row} metric={metric} /></li>)}</ul>
    </section>
  );
}

function Combination({ all, row, metric }: { all: Combos; row: number; metric: Figure }) {
  const t = useTexts(words);
  const figure = (name: string) => all.figures.get(name)?.values[row] ?? NaN;
  return (
    <>
      <code>{all.parameters.map((p) => `${p.name} ${label(p.values[p.codes[row] ?? 0] ?? '')}`).join(', ')}</code>{' '}
      {t[metric]} {written(metric)(figure(metric))} · {t['in.sharpe']} {plain(figure('in.sharpe'), 2)} · {short(figure('in.trades'))} {t.trades}
    </>
  );
}

/** One cell a combination, axes nested. */
function Cells({ all, run, x, y, metric }: { all: Combos; run: Schemas['RunSummary']; x: string; y: string; metric: Figure }) {
  const t = useTexts(words);
  const [picked, setPicked] = useState<number>();
  const drawn = useMemo(() => {
    const places = nested(all, x, y);
    const column = all.figures.get(metric);
    const values = new Float32Array(places.columns * places.rows).fill(NaN);
    const rowAt = new Int32Array(values.length).fill(-1);
    for (let row = 0; row < all.rows; row++) {
      const cell = places.place[row] ?? 0;
      values[cell] = column?.values[row] ?? NaN;
      rowAt[cell] = row;
    }
    const outer = (axes: readonly Parameter[]) => (axes.at(-1)?.values ?? []).map(label);
    const names = (axes: readonly Parameter[]) => axes.map((p) => p.name).join(' ⊂ ');
    return {
      ...places, values, rowAt, xs: outer(places.across), ys: outer(places.down), xNames: names(places.across), yNames: names(places.down),
      scale: scaleOf(metric, '', column?.statistics.p2 ?? 0, column?.statistics.p98 ?? 0), statistics: column?.statistics, format: written(metric),
    };
  }, [all, x, y, metric]);
  const row = picked === undefined ? -1 : (drawn.rowAt[picked] ?? -1);
  return (
    <>
      <Heat
        columns={drawn.columns} rows={drawn.rows} values={drawn.values} marks={NONE} scale={drawn.scale} xName={drawn.xNames} yName={drawn.yNames} xLabels={drawn.xs} yLabels={drawn.ys} format={drawn.format}
        summary={fill(t.summary, { metric: t[metric], x: drawn.xNames, y: drawn.yNames, n: run.combinations, low: drawn.format(drawn.statistics?.low ?? 0), high: drawn.format(drawn.statistics?.high ?? 0) })}
        readout={(at) => ((drawn.rowAt[at] ?? -1) < 0 ? t.notComputed : <Combination all={all} row={drawn.rowAt[at] ?? 0} metric={metric} />)}
        onPick={setPicked}
      />
      <Legend />
      {row >= 0 && <section className={css['behind']}><ul><li><Combination all={all} row={row} metric={metric} /></li></ul></section>}
    </>
  );
}

const NONE: readonly Marked[] = [];

function Legend() {
  const t = useTexts(words);
  return (
    <ul className={css['legend']}>
      <li><i data-kind="chosen" /> {t.chosen}</li>
      <li><i data-kind="deploy" /> {t.deploy}</li>
      <li><i data-kind="best" /> {t.best}</li>
      <li><i data-kind="hatch" /> {t.notComputed}</li>
      <li><i data-kind="plateau" /> {t.plateau}</li>
      <li><b>·</b> {t.few}</li>
    </ul>
  );
}
