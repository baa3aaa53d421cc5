/** One trade worked out by the engine: size, margin, loss, liquidation, fees. The inputs are the address. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useSearchParams } from 'wouter';
import { command } from '../../api/client';
import type { Schemas } from '../../api/types';
import { Badge, Button, Card, Choice, Empty, Facts, ProblemView, Select, Skeleton, Term, Unit } from '../../components/parts';
import { change, percent, plain, price, quantity } from '../../format/numbers';
import { useTopic, useValue } from '../../live/hooks';
import { useScope } from '../../live/scope';
import { fill, useTexts } from '../../text/language';
import { askedOf, figure, type Asked, type Field } from './asked';
import { words } from './texts';
import css from './Risk.module.css';

type Worked = Schemas['TradeWorkedOut'];

export default function Risk() {
  const t = useTexts(words);
  const { scope } = useScope();
  const [query, setQuery] = useSearchParams();
  const rules = useTopic('rules');
  const symbols = [...(rules?.keys() ?? [])];
  const symbol = query.get('symbol') ?? symbols[0];
  const last = useValue('prices', symbol ?? '')?.last ?? undefined;
  const equity = useValue('equity', scope)?.equity;
  const [begun, setBegun] = useState<{ symbol: string; entry: number } | undefined>(undefined);
  if (symbol && last !== undefined && begun?.symbol !== symbol) setBegun({ symbol, entry: last }); // the price when the page was opened, not each new one
  const [capitalAtFirst, setCapital] = useState<number | undefined>(undefined);
  if (capitalAtFirst === undefined && equity) setCapital(Math.round(equity));
  const capital = capitalAtFirst ?? 10_000;
  const entry = begun?.symbol === symbol ? begun?.entry : undefined;
  const asked = askedOf(query, { capital, symbol, entry });
  const put = (...given: (readonly [Field, string])[]) => setQuery((now) => {
    for (const [name, value] of given) {
      if (value) now.set(name, value);
      else now.delete(name);
    }
    return now;
  }, { replace: true });
  const tick = symbol ? rules?.get(symbol)?.tick : undefined;
  if (!rules) return <Skeleton lines={10} />;
  return (
    <div className={css['page']}>
      <h1 className="visually-hidden">{t.title}</h1>
      <Card title={t.trade}>
        <form className={css['form']} onSubmit={(event) => event.preventDefault()}>
          <Line label={t.symbol}>
            <Select label={t.symbol} value={symbol ?? ''} options={symbols.map((one) => [one, one] as const)} onChange={(one) => put(['symbol', one], ['entry', ''], ['stopAt', ''], ['targetAt', ''])} />
            <Choice label={t.side} value={query.get('side') === 'SHORT' ? 'SHORT' : 'LONG'} options={[['LONG', '▲ LONG'], ['SHORT', '▼ SHORT']]} onChange={(side) => put(['side', side === 'LONG' ? '' : side])} />
          </Line>
          <Line label={t.capital}><Box of="capital" query={query} put={put} label={t.capital} otherwise={plain(capital, 0)} unit="USDT" /></Line>
          <Line label={<Term of="notional">{t.leverage}</Term>}><Box of="leverage" query={query} put={put} label={t.leverage} otherwise="3" unit="×" /></Line>
          <Line label={t.entry}>
            <Box of="entry" query={query} put={put} label={t.entry} otherwise={price(entry, tick)} unit="USDT" />
            {last !== undefined && <Button small onClick={() => put(['entry', String(last)])}>{t.priceNow}</Button>}
          </Line>
          <Distance of="stop" label={t.stop} otherwise="25" query={query} put={put} />
          <Distance of="target" label={t.target} otherwise={t.optional} query={query} put={put} />
          <Line label={t.risk}><Box of="risk" query={query} put={put} label={t.risk} otherwise={t.configured} unit="%" /></Line>
          <Line label={t.quantity}><Box of="quantity" query={query} put={put} label={t.quantity} otherwise={t.largest} unit={symbol?.split('-')[0] ?? ''} /></Line>
        </form>
        <p className={css['note']}>{t.pure}</p>
      </Card>
      {asked ? <Answer asked={asked} /> : <Card title={t.result}><Empty why={t.fillIn} /></Card>}
    </div>
  );
}

function Line({ label, children }: { label: ReactNode; children: ReactNode }) {
  return <div className={css['line']}><span className={css['label']}>{label}</span><span className={css['inputs']}>{children}</span></div>;
}

type Bound = { query: URLSearchParams; put: (...given: (readonly [Field, string])[]) => void };

function Box({ of, label, otherwise, unit, query, put, clears }: Bound & { of: Field; label: string; otherwise: string; unit: string; clears?: Field }) {
  const typed = query.get(of) ?? '';
  const odd = typed !== '' && figure(typed) === undefined;
  return (
    <span className={css['box']}>
      <input
        inputMode="decimal" aria-label={`${label} ${unit}`} placeholder={otherwise} value={typed} aria-invalid={odd || undefined} autoComplete="off"
        onChange={(event) => put([of, event.target.value], ...(clears ? [[clears, ''] as const] : []))}
      />
      <Unit>{unit}</Unit>
    </span>
  );
}

/** A price told as a distance from the entry or as itself; one clears the other. */
function Distance({ of, label, otherwise, query, put }: Bound & { of: 'stop' | 'target'; label: string; otherwise: string }) {
  const t = useTexts(words);
  const at = `${of}At` as const;
  const asPrice = query.has(at);
  return (
    <Line label={of === 'stop' ? <Term of="stop">{label}</Term> : label}>
      <Box of={of} clears={at} query={query} put={put} label={label} otherwise={asPrice ? '' : otherwise} unit={t.away} />
      <Box of={at} clears={of} query={query} put={put} label={label} otherwise="" unit={t.atPrice} />
    </Line>
  );
}

function Answer({ asked }: { asked: Asked }) {
  const t = useTexts(words);
  const answer = useQuery({
    queryKey: ['/api/risk/calculate', asked], queryFn: () => command('POST', '/api/risk/calculate', asked) as Promise<Worked>,
    placeholderData: keepPreviousData, retry: false,
  });
  const rule = useValue('rules', asked.symbol);
  if (answer.error) return <Card title={t.result}><ProblemView error={answer.error} retry={() => void answer.refetch()} /></Card>;
  const found = answer.data;
  if (!found) return <Card title={t.result}><Skeleton lines={8} /></Card>;
  const base = asked.symbol.split('-')[0] ?? '';
  const money = (value: number | null) => <>{plain(value)}<Unit>USDT</Unit></>;
  const amount = (value: number | null) => <>{quantity(value, rule?.step)}<Unit>{base}</Unit></>;
  return (
    <div className={css['answer']}>
      <Card title={t.result}>
        {found.quantity === 0 && <p className={css['alarm']}><Badge tone="warn" icon="warn">0</Badge> {t.tooSmall}</p>}
        <div className={css['big']}>
          <Figure name={t.size}>{amount(found.quantity)}</Figure>
          <Figure name={<Term of="notional">{t.notional}</Term>}>{money(found.notional)}</Figure>
          <Figure name={t.margin}>{money(found.margin)}</Figure>
          <Figure name={t.loss} tone="down" below={fill(t.inside, { fees: plain(found.fees), slippage: plain(found.slippage) })}>
            −{plain(found.loss)}<Unit>USDT</Unit> <small>({percent(found.loss_of_capital)})</small>
          </Figure>
        </div>
        <Facts
          of={[
            [t.limitedBy, found.limited_by ? found.limited_by.replaceAll('_', ' ') : t.asked],
            [<Term key="fees" of="fees">{t.fees}</Term>, <>{money(found.fees)}{found.fees_of_target !== null && <small> {fill(t.ofTarget, { share: percent(found.fees_of_target, 1) })}</small>}</>],
            [t.least, amount(found.least_quantity)],
            [t.smallest, money(found.smallest_capital)],
          ]}
        />
        {found.refusals.length > 0 && (
          <p className={css['alarm']}><Badge tone="warn" icon="warn">{t.refusals}</Badge> {found.refusals.map((code) => code.replaceAll('_', ' ')).join(', ')}</p>
        )}
      </Card>
      <Ladder of={found} tick={rule?.tick} />
    </div>
  );
}

function Figure({ name, tone, below, children }: { name: ReactNode; tone?: 'down'; below?: string; children: ReactNode }) {
  return <div className={css['figure']} data-tone={tone}><span>{name}</span><b>{children}</b>{below && <small>{below}</small>}</div>;
}

/** Entry, stop, target and both liquidations in the order of their prices. */
function Ladder({ of, tick }: { of: Worked; tick: number | undefined }) {
  const t = useTexts(words);
  const liquidation = (value: number | null, before: boolean, name: string) => ({
    name: <Term of="liquidation">{name}</Term>, key: name, value, tone: before ? 'danger' : 'line',
    note: value === null ? <span>{t.never}</span> : before ? <Badge tone="danger" icon="warn">{t.before}</Badge> : <span>{t.after}</span>,
  });
  const rows = [
    { name: t.target, key: 'target', value: of.target, tone: 'up', note: null },
    { name: t.entry, key: 'entry', value: of.entry, tone: 'average', note: null },
    { name: t.stop, key: 'stop', value: of.stop, tone: 'down', note: null },
    liquidation(of.liquidation_isolated, of.isolated_before_stop, t.isolated),
    liquidation(of.liquidation_crossed, of.crossed_before_stop, t.crossed),
  ].filter((row) => row.value !== null || row.key !== 'target').sort((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity));
  const farthest = Math.max(...rows.map((row) => (row.value === null ? 0 : Math.abs(row.value / of.entry - 1))), 0.01);
  return (
    <Card title={t.ladder} flush>
      <ol className={css['ladder']}>
        {rows.map((row) => (
          <li key={row.key} data-tone={row.tone}>
            <span>{row.name}</span>
            <b>{price(row.value, tick)}</b>
            <span className={css['far']}>{row.value === null || row.key === 'entry' ? '' : change(row.value / of.entry - 1, 1)}</span>
            <span className={css['track']} aria-hidden="true"><i style={{ width: row.value === null ? 0 : `${(Math.abs(row.value / of.entry - 1) / farthest) * 100}%` }} /></span>
            <span className={css['remark']}>{row.note}</span>
          </li>
        ))}
      </ol>
    </Card>
  );
}
