/** Strategies by symbols: nearness of the nearest entry, positions marked; a cell opens its conditions. */
import { Fragment, useRef, type KeyboardEvent } from 'react';
import { useSearchParams } from 'wouter';
import type { Conditions } from '../../api/types';
import { Card, Empty, Select, Skeleton, Term, baseOf } from '../../components/parts';
import { usePhone } from '../../components/Table';
import { probability } from '../../format/numbers';
import { useLive, useSelected, useTopic } from '../../live/hooks';
import { texts, useTexts } from '../../text/language';
import { ConditionRows } from '../scanner/ConditionRows';
import css from './Matrix.module.css';

const words = texts({
  title: ['Matrix', 'Matrice'],
  strategy: ['Strategy', 'Stratégie'],
  none: ['No strategy has said anything yet.', 'Aucune stratégie n’a encore rien dit.'],
  noneNext: ['Conditions come with the first closed decision candle.', 'Les conditions arrivent avec la première bougie de décision close.'],
  position: ['position', 'position'],
  watched: ['only watched: its orders go nowhere', 'seulement suivie : ses ordres ne partent pas'],
  no: ['does not trade it', 'ne le traite pas'],
  long: ['long', 'long'],
  short: ['short', 'court'],
});

const arrow = (direction: number): string => (direction > 0 ? '▲' : direction < 0 ? '▼' : '');

export default function Matrix() {
  const t = useTexts(words);
  const live = useLive();
  const phone = usePhone();
  const topic = useTopic('conditions');
  const held = useSelected('positions', (all) => [...all.values()].map((p) => `${p.strategy}:${p.symbol}`));
  const [asked, setAsked] = useSearchParams();
  const table = useRef<HTMLTableElement>(null);
  if (!topic) return <Skeleton lines={8} />;
  const said = [...topic.values()];
  const strategies = [...new Set(said.map((one) => one.strategy))].sort();
  const symbols = [...new Set(said.map((one) => one.symbol))].sort();
  const open = asked.get('cell') ?? '';
  const chosen = topic.get(open);
  const one = strategies.find((name) => name === asked.get('strategy')) ?? strategies[0] ?? '';
  const put = (name: string, value: string) => setAsked((query) => {
    if (value) query.set(name, value);
    else query.delete(name);
    return query;
  }, { replace: true });
  const cell = (strategy: string, symbol: string) => {
    const key = `${strategy}:${symbol}`;
    const of = topic.get(key);
    return <Cell of={of} held={held.includes(key)} open={key === open} onOpen={() => put('cell', key === open ? '' : key)} />;
  };
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: symbols.length, ArrowUp: -symbols.length }[event.key];
    const all = [...(table.current?.querySelectorAll<HTMLElement>('td button') ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    if (step === undefined || at < 0) return;
    event.preventDefault();
    all[Math.max(0, Math.min(all.length - 1, at + (phone ? Math.sign(step) : step)))]?.focus();
  };
  if (!said.length) return <Card title={t.title}><Empty why={t.none} next={t.noneNext} /></Card>;
  return (
    <div className={css['page']}>
      <h1 className="visually-hidden">{t.title}</h1>
      <Card title={<Term of="nearness">{t.title}</Term>} flush stale={!live} aside={<span className={css['legend']}><i data-held /> {t.position}</span>}>
        {phone ? (
          <>
            <div className={css['tools']}><Select label={t.strategy} value={one} options={strategies.map((name) => [name, name] as const)} onChange={(name) => put('strategy', name)} /></div>
            <table ref={table} className={css['matrix']} onKeyDown={move}>
              <tbody>{symbols.map((symbol) => <tr key={symbol}><th scope="row">{baseOf(symbol)}</th><td>{cell(one, symbol)}</td></tr>)}</tbody>
            </table>
          </>
        ) : (
          <div className={css['scroll']}>
            <table ref={table} className={css['matrix']} onKeyDown={move}>
              <thead><tr><th /><Fragment>{symbols.map((symbol) => <th key={symbol} scope="col">{baseOf(symbol)}</th>)}</Fragment></tr></thead>
              <tbody>
                {strategies.map((strategy) => (
                  <tr key={strategy}>
                    <th scope="row">{strategy}</th>
                    {symbols.map((symbol) => <td key={symbol}>{cell(strategy, symbol)}</td>)}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Card>
      {chosen && <Card title={`${chosen.strategy}, ${chosen.symbol}`}><ConditionRows of={chosen} /></Card>}
    </div>
  );
}

function Cell({ of, held, open, onOpen }: { of: Conditions | undefined; held: boolean; open: boolean; onOpen: () => void }) {
  const t = useTexts(words);
  if (!of) return <span className={css['absent']} title={t.no}>··</span>;
  const side = of.direction > 0 ? t.long : of.direction < 0 ? t.short : '';
  const said = `${of.strategy} ${of.symbol} ${side} ${probability(of.nearness)}${held ? `, ${t.position}` : ''}${of.eligible ? '' : `, ${t.watched}`}`;
  return (
    <button
      type="button" className={css['cell']} data-held={held || undefined} data-eligible={of.eligible || undefined} aria-expanded={open} aria-label={said} title={said}
      onClick={onOpen} style={{ '--near': `${Math.round((of.nearness ?? 0) * 100)}%` } as React.CSSProperties}
    >
      <small aria-hidden="true">{arrow(of.direction)}</small> {probability(of.nearness)}
    </button>
  );
}
