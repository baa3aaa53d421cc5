/** Strategies against one another: intervals before order, and who may open with real money, with every reason. */
import { lazy, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { useGet } from '../../api/hooks';
import type { Schemas } from '../../api/types';
import { Late } from '../../charts/Late';
import { look } from '../../charts/series';
import { Icon } from '../../components/Icon';
import { Badge, Card, Change, Empty, Loaded, Skeleton, Term, When, baseOf } from '../../components/parts';
import { usePhone } from '../../components/Table';
import { change, percent, plain } from '../../format/numbers';
import { moment } from '../../format/time';
import { useKeys } from '../../frame/shortcuts';
import { useClocks, useLive, useTopic, useValue } from '../../live/hooks';
import { useScope } from '../../live/scope';
import { fill, useTexts } from '../../text/language';
import { useZone } from '../../text/settings';
import { lanes, scaled, type Mark } from './brackets';
import { words } from './texts';
import css from './Arena.module.css';

const EquityChart = lazy(() => import('../../charts/EquityChart'));

type Row = Schemas['Row'];
type Choice = Schemas['Choice'];

const MOST = 4;

export default function Arena() {
  const t = useTexts(words);
  const live = useLive();
  const { scope } = useScope();
  const ranking = useTopic('ranking');
  const selection = useValue('selector', 'now');
  const clocks = useClocks();
  const zone = useZone();
  const [asked, setAsked] = useSearchParams();
  const [at, setAt] = useState(-1);
  const rows = ranking?.get(scope)?.rows ?? [];
  const open = asked.get('strategy') ?? '';
  const compared = (asked.get('compare') ?? '').split(',').filter((name) => rows.some((row) => row.strategy === name)).slice(0, MOST);
  const put = (name: string, value: string) => setAsked((query) => {
    if (value) query.set(name, value);
    else query.delete(name);
    return query;
  }, { replace: true });
  const toggle = (name: string) => put('compare', (compared.includes(name) ? compared.filter((one) => one !== name) : [...compared, name]).join(','));
  const choose = (name: string) => put('strategy', name === open ? '' : name);
  useKeys({
    j: () => setAt(Math.min(rows.length - 1, at + 1)), k: () => setAt(Math.max(0, at - 1)),
    Enter: () => {
      const row = rows[at];
      if (row) choose(row.strategy);
    },
  });
  const chosen = rows.find((row) => row.strategy === open);
  const first = rows[0];
  return (
    <div className={css['page']}>
      <h1 className="visually-hidden">{t.title}</h1>
      <Card
        title={t.title} flush stale={!live}
        aside={first && <span className={css['said']}>{fill(t.since, { when: moment(first.since_ms, zone) })}</span>}
      >
        {!ranking ? <Skeleton lines={6} /> : !rows.length ? <Empty why={t.none} next={t.noneNext} /> : (
          <Ranking rows={rows} choices={selection?.choices} at={at} open={open} compared={compared} onOpen={choose} onCompare={toggle} />
        )}
        {selection && (
          <p className={css['foot']}>
            {selection.gated ? t.binds : t.informs} {selection.next_ms > 0 && fill(t.next, { when: '' })}{selection.next_ms > 0 && <When ms={selection.next_ms} now={clocks.server} />}
          </p>
        )}
      </Card>
      {chosen && <Reasons row={chosen} choices={selection?.choices.filter((one) => one.strategy === chosen.strategy) ?? []} />}
      {rows.length > 1 && <Compared names={compared} />}
      <Changes strategy={open} />
    </div>
  );
}

function Ranking({ rows, choices, at, open, compared, onOpen, onCompare }: {
  rows: readonly Row[]; choices: readonly Choice[] | undefined; at: number; open: string; compared: readonly string[];
  onOpen: (strategy: string) => void; onCompare: (strategy: string) => void;
}) {
  const t = useTexts(words);
  const phone = usePhone();
  const marks = lanes(rows);
  const scale = scaled(rows);
  const of = (row: Row) => choices?.filter((one) => one.strategy === row.strategy) ?? [];
  const pick = (row: Row) => (
    <input type="checkbox" aria-label={`${t.compare} ${row.strategy}`} checked={compared.includes(row.strategy)} disabled={!compared.includes(row.strategy) && compared.length >= MOST} onChange={() => onCompare(row.strategy)} />
  );
  const name = (row: Row) => <button type="button" className={css['name']} aria-expanded={row.strategy === open} onClick={() => onOpen(row.strategy)}>{row.strategy}</button>;
  if (phone) {
    return (
      <ul className={css['cards']} aria-label={t.title}>
        {rows.map((row, i) => (
          <li key={row.strategy} data-open={row.strategy === open || undefined}>
            <div className={css['lanes']} aria-hidden="true">{marks[i]?.map((mark, lane) => <Lane key={lane} mark={mark} />)}</div>
            <div>
              <p className={css['line']}><span>{row.rank}</span> {name(row)} <Change fraction={row.net_return} />{pick(row)}</p>
              <Interval row={row} scale={scale} />
              <p className={css['small']}>{intervalOf(row, t)}</p>
              <p className={css['small']}>PF {row.profit_factor === null ? 'n/a' : plain(row.profit_factor)} · {t.drawdown} {percent(-row.max_drawdown)} · {row.trades} {t.trades}</p>
              <p className={css['small']}><May choices={of(row)} /></p>
            </div>
          </li>
        ))}
      </ul>
    );
  }
  return (
    <div className={css['scroll']}>
      <table className={css['table']} aria-label={t.title}>
        <thead>
          <tr>
            <th scope="col"><span className="visually-hidden">{t.compare}</span></th><th scope="col">{t.rank}</th><th scope="col"><span className="visually-hidden">{t.alike}</span></th><th scope="col">{t.strategy}</th>
            <th scope="col" colSpan={2}><Term of="bootstrap">{t.return}</Term></th>
            <th scope="col" data-number><Term of="profit_factor">PF</Term></th><th scope="col" data-number><Term of="drawdown">{t.drawdown}</Term></th><th scope="col" data-number><Term of="sharpe">Sharpe</Term></th>
            <th scope="col" data-number>{t.trades}</th><th scope="col"><Term of="gate">{t.may}</Term></th><th scope="col" data-number>{t.weight}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={row.strategy} data-at={i === at || undefined} data-open={row.strategy === open || undefined}>
              <td>{pick(row)}</td>
              <td>{row.rank}</td>
              <td className={css['lanesCell']}><div className={css['lanes']} title={row.alike.length ? fill(t.alikeWith, { names: row.alike.join(', ') }) : t.alone}>{marks[i]?.map((mark, lane) => <Lane key={lane} mark={mark} />)}</div></td>
              <td>{name(row)}</td>
              <td data-number><Change fraction={row.net_return} /></td>
              <td className={css['intervalCell']}><Interval row={row} scale={scale} /></td>
              <td data-number>{row.profit_factor === null ? <span title={t.lossless}>n/a</span> : plain(row.profit_factor)}</td>
              <td data-number>{percent(-row.max_drawdown)}</td>
              <td data-number>{row.sharpe === null ? <span title={t.sharpeWhy}>n/a</span> : plain(row.sharpe)}</td>
              <td data-number>{row.trades}</td>
              <td className={css['may']}><May choices={of(row)} /></td>
              <td data-number>{weightOf(of(row))}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {marks.some((row) => row.length > 0) && <p className={css['key']}><span className={css['lanes']} aria-hidden="true"><Lane mark="first" /></span> {t.alike}</p>}
    </div>
  );
}

const Lane = ({ mark }: { mark: Mark }) => <i className={css['lane']} data-mark={mark} />;

const weightOf = (choices: readonly Choice[]): string => (choices.length ? percent(Math.max(...choices.map((one) => (one.may_open ? one.weight : 0))), 0) : '–');

const intervalOf = ({ low, high, basis }: Row, t: Record<'few' | 'basis', string>): string =>
  low === null || high === null ? t.few : `${change(low)} … ${change(high)}, ${fill(t.basis, { basis })}`;

/** Low, return and high on one scale for all rows; zero is the line through them. */
function Interval({ row, scale }: { row: Row; scale: ReturnType<typeof scaled> }) {
  const t = useTexts(words);
  const { low, high } = row;
  const said = intervalOf(row, t);
  return (
    <div className={css['interval']} role="img" aria-label={said} title={said} data-side={low !== null && low > 0 ? 'up' : high !== null && high < 0 ? 'down' : undefined}>
      <i style={{ left: `${scale.zero * 100}%` }} />
      {low !== null && high !== null && <b style={{ left: `${scale.at(low) * 100}%`, width: `${(scale.at(high) - scale.at(low)) * 100}%` }} />}
      <s style={{ left: `${scale.at(row.net_return) * 100}%` }} />
    </div>
  );
}

/** Yes, on some, or no with the first reason. */
function May({ choices }: { choices: readonly Choice[] }) {
  const t = useTexts(words);
  if (!choices.length) return <span className={css['dim']}>{t.undecided}</span>;
  const open = choices.filter((one) => one.may_open).length;
  const why = choices.find((one) => !one.may_open)?.criteria.filter((one) => !one.met).map((one) => one.detail) ?? [];
  return (
    <span title={why.join('; ')}>
      <Icon name={open ? 'check' : 'cross'} size={12} /> <b>{open === choices.length ? t.yes : open ? `${t.yes}, ${fill(t.some, { n: open, all: choices.length })}` : t.no}</b>
      {why.length > 0 && <span className={css['dim']}>: {why[0]}{why.length > 1 ? ` +${why.length - 1}` : ''}</span>}
    </span>
  );
}

function Reasons({ row, choices }: { row: Row; choices: readonly Choice[] }) {
  const t = useTexts(words);
  const { scope } = useScope();
  const [symbol, setSymbol] = useState('');
  const choice = choices.find((one) => one.symbol === symbol) ?? choices[0];
  return (
    <Card
      title={row.strategy}
      aside={<span className={css['links']}><Link to={`/equity?strategy=${row.strategy}&scope=${scope}`}>{t.equity} ›</Link><Link to={`/trades?strategy=${row.strategy}&scope=${scope}`}>{t.tradesOf} ›</Link></span>}
    >
      <p className={css['told']}>{t.interval}: {intervalOf(row, t)}. {row.alike.length ? fill(t.alikeWith, { names: row.alike.join(', ') }) : t.alone}</p>
      {!choice ? <Empty why={t.noSymbols} /> : (
        <>
          <div className={css['symbols']} role="group" aria-label={t.symbol}>
            {choices.map((one) => (
              <button key={one.symbol} type="button" aria-pressed={one.symbol === choice.symbol} onClick={() => setSymbol(one.symbol)}>
                <Icon name={one.may_open ? 'check' : 'cross'} size={12} label={one.may_open ? t.yes : t.no} /> {baseOf(one.symbol)}
              </button>
            ))}
          </div>
          <div className={css['scroll']}>
            <table className={css['conditions']} aria-label={fill(t.conditions, { symbol: baseOf(choice.symbol) })}>
              <thead><tr><th scope="col">{fill(t.conditions, { symbol: baseOf(choice.symbol) })}</th><th scope="col" data-number>{t.value}</th><th scope="col" data-number>{t.limit}</th><th scope="col" /></tr></thead>
              <tbody>
                {choice.criteria.map((one) => (
                  <tr key={one.code} data-met={one.met || undefined}>
                    <td><Icon name={one.met ? 'check' : 'cross'} size={12} label={one.met ? t.met : t.notMet} /> {one.code.replaceAll('_', ' ')}</td>
                    <td data-number>{plain(one.value, Number.isInteger(one.value) ? 0 : 3)}</td><td data-number>{plain(one.limit, Number.isInteger(one.limit) ? 0 : 3)}</td><td>{one.detail}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </Card>
  );
}

function Compared({ names }: { names: readonly string[] }) {
  const t = useTexts(words);
  const zone = useZone();
  const { scope } = useScope();
  const found = useGet('/api/equity/curves', { query: { scope, by: 'strategy', points: 500 }, everyMs: 60_000, keep: true, enabled: names.length > 0 });
  if (!names.length) return <p className={css['hint']}>{t.compareHint}</p>;
  return (
    <Card title={t.compareTitle} flush>
      <Loaded from={found} lines={8}>
        {(data) => {
          const curves = names.flatMap((name) => data.curves.filter((one) => one.name === name));
          return (
            <>
              <Late height="var(--chart-height)"><EquityChart key={names.join()} curves={curves} falls={[]} zone={zone} share summary={fill(t.summary, { names: names.join(', ') })} /></Late>
              <ul className={css['legend']}>
                {curves.map((one, i) => <li key={one.name}><svg width="22" height="8" aria-hidden="true"><line x2="22" y1="4" y2="4" stroke={`var(--${look(i).colour})`} strokeWidth="2.5" strokeDasharray={look(i).dash.join(' ')} /></svg>{one.name} <Change fraction={one.begin ? (one.value.at(-1) ?? 0) / one.begin - 1 : null} /></li>)}
              </ul>
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}

function Changes({ strategy }: { strategy: string }) {
  const t = useTexts(words);
  const { server } = useClocks();
  const history = useGet('/api/selector/history', { query: { limit: 30, strategy: strategy || null }, everyMs: 30_000, keep: true });
  return (
    <Card title={strategy ? `${t.history}: ${strategy}` : t.history} flush>
      <Loaded from={history} lines={3}>
        {(data) => data.items.length === 0 ? <Empty why={t.noHistory} /> : (
          <ul className={css['changes']}>
            {data.items.map((one, i) => (
              <li key={i}>
                <span className={css['dim']}><When ms={one.ts_ms} now={server} /></span> <b>{one.strategy}</b> {baseOf(one.symbol)}
                <Badge tone={one.may_open ? 'filled' : 'plain'} icon={one.may_open ? 'check' : 'cross'}>{one.may_open ? `${t.opened} ${percent(one.weight, 0)}` : t.closed}</Badge>
                <span className={css['dim']}>{one.criteria.filter((c) => !c.met).map((c) => c.detail).join('; ')}</span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}
