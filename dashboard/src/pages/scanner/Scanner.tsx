/** Every symbol: price, day, and how near each strategy is to an entry. */
import { useMemo } from 'react';
import { useLocation, useParams, useSearchParams } from 'wouter';
import type { Conditions, Quote, Spark as SparkLine, Upcoming } from '../../api/types';
import { Card, Change, Choice, Empty, Select, Side, Skeleton, baseOf } from '../../components/parts';
import { Spark } from '../../components/Spark';
import { Table, type Column } from '../../components/Table';
import { change, percent, price, probability } from '../../format/numbers';
import { age } from '../../format/time';
import { connection, useLink, useLive, useTick, useTopic } from '../../live/hooks';
import { useTexts } from '../../text/language';
import { ConditionRows } from './ConditionRows';
import { words } from './texts';
import css from './Scanner.module.css';

type Row = {
  symbol: string; quote: Quote | undefined; spark: SparkLine | undefined; tick: number | undefined; group: string;
  said: readonly Conditions[]; best: Conditions | undefined; next: Upcoming['levels'][number] | undefined;
};

const score = (row: Row): number | null => row.best?.nearness ?? null;

export default function Scanner() {
  const t = useTexts(words);
  const live = useLive();
  const [, navigate] = useLocation();
  const { symbol } = useParams<{ symbol?: string }>();
  const [asked, setAsked] = useSearchParams();
  const found = useRows();
  const rows = found ?? [];
  const columns = useColumns();
  const direction = asked.get('dir') ?? 'all';
  const which = asked.get('which') ?? 'all';
  const group = asked.get('group') ?? '';
  const typed = (asked.get('q') ?? '').toUpperCase();
  const put = (name: string, value: string) => setAsked((query) => {
    if (value && value !== 'all') query.set(name, value);
    else query.delete(name);
    return query;
  }, { replace: true });
  const groups = [...new Set(rows.map((row) => row.group).filter(Boolean))];
  const shown = rows.map((row) => narrowed(row, direction, which)).filter((row) => row.symbol.includes(typed) && (!group || row.group === group) && (direction === 'all' || row.best));
  const open = (row: Row) => navigate(row.symbol === symbol ? `/scanner${location.search}` : `/scanner/${row.symbol}${location.search}`);
  return (
    <div className={css['page']}>
      <h1 className="visually-hidden">{t.title}</h1>
      <div className={css['tools']}>
        <input type="search" id="scanner-filter" aria-label={t.find} placeholder={t.find} defaultValue={typed} onChange={(event) => put('q', event.target.value)} />
        <Choice label={t.filter} value={direction} options={[['all', t.all], ['1', '▲ LONG'], ['-1', '▼ SHORT']]} onChange={(one) => put('dir', one)} />
        <Choice label={t.which} value={which} options={[['all', t.all], ['eligible', t.eligible]]} onChange={(one) => put('which', one)} />
        {groups.length > 1 && <Select label={t.group} value={group} options={[['', t.group], ...groups.map((one) => [one, one] as const)]} onChange={(one) => put('group', one)} />}
      </div>
      <Card title={t.title} flush stale={!live}>
        {rows.length > 0 && rows.every((row) => row.said.length === 0) && <Empty why={t.nothing} next={t.nothingNext} />}
        {!found ? <Skeleton lines={8} /> : <Table
          label={t.title} rows={shown} columns={columns} keyOf={(row) => row.symbol} sorted="-score" chosen={symbol} onOpen={open}
          empty={<Empty why={t.none} />} detail={(row) => <div className={css['details']}>{row.said.map((one) => <ConditionRows key={one.strategy} of={one} />)}</div>}
        />}
      </Card>
    </div>
  );
}

/** A symbol with only those strategies that the filters let through. */
function narrowed(row: Row, direction: string, which: string): Row {
  const said = row.said.filter((one) => (which === 'all' || one.eligible) && (direction === 'all' || String(one.direction) === direction));
  return { ...row, said, best: bestOf(said) };
}

const bestOf = (said: readonly Conditions[]): Conditions | undefined =>
  said.filter((one) => one.nearness !== null).sort((a, b) => (b.nearness ?? 0) - (a.nearness ?? 0))[0];

/** Undefined until it is known what there is. */
function useRows(): Row[] | undefined {
  const prices = useTopic('prices');
  const sparks = useTopic('sparks');
  const conditions = useTopic('conditions');
  const rules = useTopic('rules');
  const next = useTopic('next')?.get('now');
  return useMemo(() => {
    if (!prices || !conditions) return undefined;
    const said = [...conditions.values()];
    const symbols = new Set([...prices.keys(), ...said.map((one) => one.symbol)]);
    return [...symbols].map((symbol): Row => {
      const own = said.filter((one) => one.symbol === symbol);
      return {
        symbol, quote: prices.get(symbol), spark: sparks?.get(symbol), tick: rules?.get(symbol)?.tick, group: rules?.get(symbol)?.group ?? '',
        said: own, best: bestOf(own), next: next?.levels.find((level) => level.symbol === symbol),
      };
    });
  }, [prices, sparks, conditions, rules, next]);
}

function useColumns(): readonly Column<Row>[] {
  const t = useTexts(words);
  return [
    { id: 'symbol', head: t.symbol, by: (row) => row.symbol, cell: (row) => <b>{baseOf(row.symbol)}</b>, phone: 'head' },
    { id: 'last', head: t.last, number: true, cell: (row) => price(row.quote?.last, row.tick), phone: 'head' },
    { id: 'day', head: t.day, number: true, by: (row) => row.quote?.change, cell: (row) => <Change fraction={row.quote?.change} />, phone: 'head' },
    { id: 'spark', head: t.spark, cell: (row) => <div className={css['spark']}><Spark values={row.spark?.closes ?? []} height={22} label={`${row.symbol} ${t.spark}`} /></div> },
    { id: 'funding', head: t.funding, term: 'funding', number: true, by: (row) => row.quote?.funding, cell: (row) => percent(row.quote?.funding, 4) },
    { id: 'direction', head: t.direction, cell: (row) => <Side direction={row.best?.direction ?? 0} />, phone: 'line' },
    { id: 'score', head: t.score, term: 'nearness', number: true, by: score, cell: (row) => <b>{probability(score(row))}</b>, phone: 'line' },
    { id: 'strategies', head: t.strategies, wide: true, cell: (row) => <Dots said={row.said} />, phone: 'line' },
    { id: 'next', head: t.next, number: true, by: (row) => (row.next ? Math.abs(row.next.distance) : null), cell: (row) => (row.next ? <>L{row.next.level + 1} {price(row.next.price, row.tick)} <span className={css['dim']}>{change(row.next.distance, 1)}</span></> : '–') },
    { id: 'age', head: t.age, number: true, cell: (row) => <QuoteAge symbol={row.symbol} /> },
  ];
}

function QuoteAge({ symbol }: { symbol: string }) {
  useTick();
  const told = useLink().beat?.ages_s[symbol];
  return <span className={css['dim']}>{told === null || told === undefined ? '–' : age(told + connection.sinceBeat())}</span>;
}

/** One dot per strategy, filled by nearness; its name stands in the title and in the row's details. */
function Dots({ said }: { said: readonly Conditions[] }) {
  return (
    <span className={css['dots']}>
      {said.map((one) => (
        <span key={one.strategy} title={`${one.strategy} ${probability(one.nearness)}`} data-eligible={one.eligible || undefined}>
          <i style={{ height: `${(one.nearness ?? 0) * 100}%` }} /><em>{one.strategy.split('_').map((part) => part[0]?.toUpperCase()).join('')}</em>
        </span>
      ))}
    </span>
  );
}
