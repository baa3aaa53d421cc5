/** Results and their verdicts: a matrix and a table of runs, a comparison, and one run with everything about it. */
import { Fragment } from 'react';
import { Link, useLocation, useParams, useSearchParams } from 'wouter';
import { useGet } from '../../api/hooks';
import type { Schemas } from '../../api/types';
import { Button, Card, Change, Choice, Empty, Loaded, Select, Term, baseOf } from '../../components/parts';
import { Table, type Column } from '../../components/Table';
import { percent, plain, probability, short } from '../../format/numbers';
import { day } from '../../format/time';
import { fill, useTexts } from '../../text/language';
import css from './Research.module.css';
import { words } from './texts';
import { Verdict } from './Verdict';

type Run = Schemas['RunSummary'];
const MOST = 6;
const GRADES = ['A', 'B', 'C', 'D', 'F'] as const;

export const addressOf = (run: { fingerprint: string }): string => `/research/runs/${run.fingerprint.slice(0, 16)}`;

export default function Research() {
  const { id } = useParams<{ id?: string }>();
  const t = useTexts(words);
  return (
    <div className={css['page']}>
      <h1 className="visually-hidden">{t.title}</h1>
      {id ? <Verdict id={id} /> : <Results />}
    </div>
  );
}

function Results() {
  const t = useTexts(words);
  const [asked, setAsked] = useSearchParams();
  const put = (name: string, value: string) => setAsked((query) => {
    if (value) query.set(name, value);
    else query.delete(name);
    return query;
  }, { replace: true });
  const grade = GRADES.find((one) => one === asked.get('grade'));
  const gate = asked.get('gate');
  const strategy = asked.get('strategy') ?? '';
  const every = asked.get('runs') === 'every';
  const latest = useGet('/api/optimization/runs', { query: { latest_only: true, limit: 1000 } });
  const runs = useGet('/api/optimization/runs', {
    query: {
      latest_only: !every, limit: 1000, ...(grade && { grade: [grade] }), ...(strategy && { strategy }),
      ...(gate === 'open' || gate === 'closed' ? { gate_passed: gate === 'open' } : {}),
    }, keep: true,
  });
  const compared = (asked.get('compare') ?? '').split(',').filter(Boolean);
  const toggle = (run: Run) => {
    const short_ = run.fingerprint.slice(0, 16);
    put('compare', (compared.includes(short_) ? compared.filter((one) => one !== short_) : [...compared, short_].slice(-MOST)).join(','));
  };
  return (
    <Loaded from={latest} lines={8}>
      {({ items }) => (!items.length ? <Card title={t.matrix}><Empty why={t.none} next={<><span>{t.noneNext}</span> <Link to="/explorer">Explorer ›</Link></>} /></Card> : (
        <>
          <Matrix runs={items} />
          {compared.length > 0 && <Comparison ids={compared} onClear={() => put('compare', '')} />}
          <Card
            title={t.all} flush
            aside={<span className={css['filters']}>
              <Choice label={t.which} value={every ? 'every' : 'latest'} options={[['latest', t.latest], ['every', t.every]]} onChange={(v) => put('runs', v === 'every' ? v : '')} />
              <Select label={t.strategy} value={strategy} options={[['', `${t.strategy}: ${t.any}`], ...[...new Set(items.map((one) => one.strategy))].map((one) => [one, one] as const)]} onChange={(v) => put('strategy', v)} />
              <Select label={t.grades} value={grade ?? ''} options={[['', `${t.grades}: ${t.any}`], ...GRADES.map((one) => [one, one] as const)]} onChange={(v) => put('grade', v)} />
              <Select label={t.gates} value={gate ?? ''} options={[['', `${t.gates}: ${t.any}`], ['open', t.passed], ['closed', t.shut]]} onChange={(v) => put('gate', v)} />
            </span>}
          >
            <Loaded from={runs} lines={6}>{(page) => <Runs rows={page.items} compared={compared} onToggle={toggle} />}</Loaded>
          </Card>
        </>
      ))}
    </Loaded>
  );
}

/** Grade and score of the latest run of each pair; an open gate has an open cell. */
function Matrix({ runs }: { runs: readonly Run[] }) {
  const t = useTexts(words);
  const strategies = [...new Set(runs.map((one) => one.strategy))].sort();
  const symbols = [...new Set(runs.map((one) => one.symbol))].sort();
  const at = new Map(runs.map((one) => [`${one.strategy} ${one.symbol}`, one]));
  return (
    <Card title={<Term of="grade">{t.matrix}</Term>} aside={<span className={css['legend']}><i /> {t.open}</span>} flush>
      <div className={css['scroll']}>
        <table className={css['matrix']}>
          <thead><tr><th /><Fragment>{symbols.map((one) => <th key={one} scope="col">{baseOf(one)}</th>)}</Fragment></tr></thead>
          <tbody>
            {strategies.map((strategy) => (
              <tr key={strategy}>
                <th scope="row">{strategy}</th>
                {symbols.map((symbol) => {
                  const run = at.get(`${strategy} ${symbol}`);
                  return <td key={symbol}>{run ? <Link to={addressOf(run)} data-open={run.gate_passed || undefined} aria-label={`${strategy} ${symbol}: ${run.grade} ${plain(run.score, 0)}${run.gate_passed ? `, ${t.open}` : ''}`}><b>{run.grade}</b> {plain(run.score, 0)}</Link> : '--'}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Runs({ rows, compared, onToggle }: { rows: readonly Run[]; compared: readonly string[]; onToggle: (run: Run) => void }) {
  const t = useTexts(words);
  const [, navigate] = useLocation();
  const columns: Column<Run>[] = [
    { id: 'strategy', head: t.strategy, cell: (r) => r.strategy, by: (r) => r.strategy, phone: 'head', wide: true },
    { id: 'symbol', head: t.asset, cell: (r) => baseOf(r.symbol), by: (r) => r.symbol, phone: 'head' },
    { id: 'score', head: t.grade, cell: (r) => <><b>{r.grade}</b> {plain(r.score, 1)}</>, by: (r) => r.score, number: true, phone: 'head', term: 'grade' },
    { id: 'gate', head: t.gate, cell: (r) => (r.gate_passed ? t.passed : t.shut), by: (r) => Number(r.gate_passed), phone: 'line', term: 'gate' },
    { id: 'sharpe', head: t.sharpe, cell: (r) => plain(r.sharpe, 2), by: (r) => r.sharpe, number: true, phone: 'line' },
    { id: 'is', head: t.isSharpe, cell: (r) => <span className={css['dim']}>{plain(r.in_sample_sharpe, 2)}</span>, by: (r) => r.in_sample_sharpe, number: true, phone: 'none' },
    { id: 'return', head: t.total, cell: (r) => <Change fraction={r.total_return} decimals={1} />, by: (r) => r.total_return, number: true, phone: 'line' },
    { id: 'drawdown', head: t.drawdown, cell: (r) => percent(r.max_drawdown, 1), by: (r) => r.max_drawdown, number: true, phone: 'none' },
    { id: 'trades', head: t.trades, cell: (r) => r.trades, by: (r) => r.trades, number: true, phone: 'line' },
    { id: 'consistency', head: t.consistency, cell: (r) => percent(r.consistency, 0), by: (r) => r.consistency, number: true, phone: 'none', term: 'consistency' },
    { id: 'deflated', head: t.deflated, cell: (r) => probability(r.deflated_sharpe), by: (r) => r.deflated_sharpe, number: true, phone: 'none', term: 'dsr' },
    { id: 'pbo', head: t.pbo, cell: (r) => probability(r.pbo), by: (r) => r.pbo, number: true, phone: 'none', term: 'pbo' },
    { id: 'combinations', head: t.combinations, cell: (r) => short(r.combinations), by: (r) => r.combinations, number: true, phone: 'none' },
    { id: 'when', head: t.when, cell: (r) => <span className={css['dim']}>{day(r.ts_ms, 'UTC')}</span>, by: (r) => r.ts_ms, phone: 'none' },
    { id: 'compare', head: t.compare, phone: 'none', cell: (r) => <input type="checkbox" aria-label={fill(t.compareThis, { name: `${r.strategy} ${r.symbol}` })} checked={compared.includes(r.fingerprint.slice(0, 16))} onChange={() => onToggle(r)} /> },
  ];
  return <Table label={t.all} rows={rows} columns={columns} keyOf={(r) => r.fingerprint} onOpen={(r) => navigate(addressOf(r))} sorted="-score" empty={<Empty why={t.none} />} height="60vh" />;
}

function Comparison({ ids, onClear }: { ids: readonly string[]; onClear: () => void }) {
  const t = useTexts(words);
  return (
    <Card title={fill(t.compareTitle, { n: ids.length })} aside={<Button small onClick={onClear}>{t.clear}</Button>}>
      <div className={css['compare']}>{ids.slice(0, MOST).map((id) => <Compared key={id} id={id} />)}</div>
      <p className={css['dim']}>{t.compareHelp}</p>
    </Card>
  );
}

function Compared({ id }: { id: string }) {
  const t = useTexts(words);
  const answer = useGet('/api/optimization/runs/{fingerprint}', { path: { fingerprint: id } });
  return (
    <Loaded from={answer}>
      {({ run, criteria, gate }) => (
        <section>
          <h3><Link to={addressOf(run)}>{run.strategy} {baseOf(run.symbol)}</Link> <b>{run.grade}</b> {plain(run.score, 1)}</h3>
          <dl>
            {criteria.map((c) => <Fragment key={c.name}><dt>{c.name}</dt><dd>{plain(c.figure, 2)} <span className={css['dim']}>{plain(c.points, 1)}/{plain(c.most, 0)}</span></dd></Fragment>)}
            <dt>{t.pbo}</dt><dd>{probability(run.pbo)}</dd>
            <dt>{t.total}</dt><dd><Change fraction={run.total_return} decimals={1} /></dd>
            <dt>{t.drawdown}</dt><dd>{percent(run.max_drawdown, 1)}</dd>
            <dt>{t.trades}</dt><dd>{run.trades}</dd>
            <dt>{t.gate}</dt><dd>{gate.filter((line) => line.passed).length}/{gate.length} {run.gate_passed ? t.passed : t.shut}</dd>
          </dl>
        </section>
      )}
    </Loaded>
  );
}
