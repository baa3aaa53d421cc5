/** What stands below a heatmap: the top ten with their rank in sample, in against out of sample, distribution, strips. */
import { useMemo } from 'react';
import { useGet } from '../api/hooks';
import type { Schemas } from '../api/types';
import { Loaded, Term } from '../components/parts';
import { Table, usePhone, type Column } from '../components/Table';
import { percent, plain, short } from '../format/numbers';
import { fill, useTexts } from '../text/language';
import { binned, type Combos } from './combos';
import { Histogram, Scatter } from './drawings';
import css from './Pictures.module.css';
import { words } from './texts';
import { useCombos } from './useCombos';

const BASE = ['out.sharpe', 'in.sharpe', 'in.trades'] as const;
type Row = Schemas['CombinationFigures'];

export function TopTen({ run }: { run: Schemas['RunSummary'] }) {
  const t = useTexts(words);
  const answer = useGet('/api/optimization/runs/{fingerprint}/combinations', { path: { fingerprint: run.fingerprint }, query: { by: 'out.sharpe', limit: 10 }, immutable: true });
  const phone = usePhone();
  const free = Object.keys(answer.data?.items[0]?.params ?? {});
  const params: Column<Row>[] = phone
    ? [{ id: 'params', head: '', cell: (row) => <code className={css['params']}>{free.map((name) => `${name} ${String(row.params[name])}`).join(', ')}</code>, phone: 'head' }]
    : free.map((name) => ({ id: `p.${name}`, head: name, cell: (row) => String(row.params[name]), by: (row) => Number(row.params[name]), number: true }));
  const columns: Column<Row>[] = [
    { id: 'rank', head: t.rank, cell: (row) => row.rank_in_sample, by: (row) => row.rank_in_sample, number: true, phone: 'line' },
    ...params,
    { id: 'out', head: t['out.sharpe'], cell: (row) => plain(row.figures['out.sharpe'], 2), by: (row) => row.figures['out.sharpe'], number: true, phone: 'line' },
    { id: 'in', head: t['in.sharpe'], cell: (row) => plain(row.figures['in.sharpe'], 2), by: (row) => row.figures['in.sharpe'], number: true, phone: 'none' },
    { id: 'trades', head: t['in.trades'], cell: (row) => short(row.figures['in.trades']), by: (row) => row.figures['in.trades'], number: true, phone: 'none' },
  ];
  return (
    <Loaded from={answer}>
      {(page) => (
        <>
          <p className={css['help']}>{fill(t.top, { k: page.items.length, n: page.total.toLocaleString('en') })} (<Term of="in_sample">IS / OOS</Term>)</p>
          <Table label={fill(t.top, { k: page.items.length, n: page.total.toLocaleString('en') })} rows={page.items} columns={columns} keyOf={(row) => String(row.row)} sorted="-out" keys={false} />
        </>
      )}
    </Loaded>
  );
}

export function InAndOut({ run, windows }: { run: Schemas['RunSummary']; windows: readonly Schemas['WindowResult'][] }) {
  const t = useTexts(words);
  const combos = useCombos(run.fingerprint, BASE, null);
  return (
    <Loaded from={combos}>
      {(all) => {
        const [inside, outside] = [all.figures.get('in.sharpe'), all.figures.get('out.sharpe')];
        if (!inside || !outside) return null;
        const chosen = windows.filter((w) => w.combination >= 0).map((w) => ({ inside: w.in_sharpe ?? 0, outside: w.out_sharpe ?? 0, label: String(w.number + 1) }));
        const all_ = [...chosen.flatMap((c) => [c.inside, c.outside])];
        const range: [number, number] = [Math.min(inside.statistics.low, outside.statistics.low, ...all_), Math.max(inside.statistics.high, outside.statistics.high, ...all_)];
        return <Scatter inside={inside.values} outside={outside.values} chosen={chosen} range={range} summary={fill(t.scatterSummary, { n: all.rows })} />;
      }}
    </Loaded>
  );
}

export function Distribution({ run }: { run: Schemas['RunSummary'] }) {
  const t = useTexts(words);
  const combos = useCombos(run.fingerprint, BASE, null);
  return (
    <Loaded from={combos}>
      {(all) => {
        const column = all.figures.get('out.sharpe');
        if (!column) return null;
        const s = column.statistics;
        const [low, high] = s.low === s.high ? [s.low - 1, s.high + 1] : [s.low, s.high];
        const counts = binned(column.values, low, high, 40);
        const edges = Array.from({ length: 41 }, (_, i) => low + ((high - low) * i) / 40);
        const said = fill(t.distributionSummary, { metric: t['out.sharpe'], n: all.rows, p25: plain(s.p25, 2), p75: plain(s.p75, 2), positive: percent(s.positive, 0) });
        return (
          <>
            <Histogram of={{ edges, counts }} lines={[{ at: s.median, label: fill(t.medianLine, { v: plain(s.median, 2) }) }]} summary={said} />
            <p className={css['help']}>{said}</p>
          </>
        );
      }}
    </Loaded>
  );
}

export function Strips({ run }: { run: Schemas['RunSummary'] }) {
  const t = useTexts(words);
  const combos = useCombos(run.fingerprint, BASE, null);
  return <Loaded from={combos}>{(all) => <><p className={css['help']}>{t.stripsHelp}</p><StripsOf all={all} /></>}</Loaded>;
}

function StripsOf({ all }: { all: Combos }) {
  const t = useTexts(words);
  const strips = useMemo(() => {
    const values = all.figures.get('out.sharpe')?.values ?? new Float32Array();
    return all.parameters.filter((p) => p.values.length > 1).map((p) => {
      const groups: number[][] = p.values.map(() => []);
      for (let row = 0; row < all.rows; row++) groups[p.codes[row] ?? 0]?.push(values[row] ?? 0);
      return { name: p.name, of: p.values.map((value, i) => ({ value: String(value), median: middle(groups[i] ?? []) })) };
    });
  }, [all]);
  const most = Math.max(0.01, ...strips.flatMap((s) => s.of.map((one) => Math.abs(one.median ?? 0))));
  return (
    <div className={css['strips']}>
      {strips.map((strip) => (
        <table key={strip.name} aria-label={`${t['out.sharpe']}, ${strip.name}`}>
          <caption>{strip.name}</caption>
          <tbody>
            {strip.of.map((one) => (
              <tr key={one.value}>
                <th scope="row">{one.value}</th>
                <td><i data-side={(one.median ?? 0) < 0 ? 'down' : 'up'} style={{ width: `${(Math.abs(one.median ?? 0) / most) * 100}%` }} /></td>
                <td>{plain(one.median, 2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </div>
  );
}

function middle(values: number[]): number | null {
  if (!values.length) return null;
  values.sort((a, b) => a - b);
  const half = Math.floor(values.length / 2);
  return values.length % 2 ? (values[half] ?? 0) : ((values[half - 1] ?? 0) + (values[half] ?? 0)) / 2;
}
