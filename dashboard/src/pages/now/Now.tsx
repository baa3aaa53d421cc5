/** The three-second page: safe? open? P&L? fresh? next? In this order, without scrolling on a phone. */
import { Link } from 'wouter';
import { Badge, Card, Empty, ProblemView, Result, Side, Skeleton, Term, Unit, baseOf } from '../../components/parts';
import { NoStop } from '../../components/NoStop';
import { Spark } from '../../components/Spark';
import { EventLine } from '../../components/EventLine';
import { change, plain, price } from '../../format/numbers';
import { clock, duration } from '../../format/time';
import { DataAge, SafetyButton } from '../../frame/Strip';
import { useLink, useLive, useTick, useTopic, useValue } from '../../live/hooks';
import { useSafety } from '../../live/safety';
import { useScope } from '../../live/scope';
import { fill, useTexts } from '../../text/language';
import { useZone } from '../../text/settings';
import { openResult, usePresent, type Held, type Present } from './present';
import { Jobs } from './Jobs';
import { Limits } from './Limits';
import { Week } from './Week';
import { words } from './texts';
import css from './Now.module.css';

const SHOWN = 4;

export default function Now() {
  const { scope } = useScope();
  const present = usePresent(scope);
  const live = useLive();
  if (!present.known) return present.error ? <ProblemView error={present.error} retry={() => void present.refetch()} /> : <Skeleton lines={10} />;
  return (
    <div className={css['now']}>
      <h1 className="visually-hidden">Now</h1>
      <Answers present={present} stale={!live} />
      <div className={css['columns']}>
        <div className={css['column']}>
          <Positions present={present} stale={!live} />
          <Levels present={present} />
          <Week scope={scope} />
          <Jobs />
        </div>
        <div className={css['column']}>
          <Events present={present} />
          <Limits stale={!live} />
          <Strategies />
        </div>
      </div>
    </div>
  );
}

function Answers({ present, stale }: { present: Present; stale: boolean }) {
  const t = useTexts(words);
  return (
    <section className={css['answers']} data-stale={stale || undefined}>
      <SafeAnswer present={present} />
      <MoneyAnswer present={present} />
      <OpenAnswer positions={present.positions} />
      <div className={css['answer']} data-question="data">
        <h2>{t.data}</h2>
        <b><DataAge /></b>
        <FeedLine />
      </div>
      <NextAnswer present={present} />
    </section>
  );
}

function SafeAnswer({ present }: { present: Present }) {
  const t = useTexts(words);
  const { reasons } = useSafety();
  const protection = present.status?.protection;
  const missing = protection?.without_stop ?? [];
  const nearest = present.positions.find((p) => p.stop_distance !== null);
  const line = missing.length
    ? fill(t.stopsMissing, { n: missing.length, symbols: missing.join(', ') })
    : protection?.positions ? fill(t.stopsAll, { n: protection.positions }) : t.stopsNone;
  return (
    <div className={css['answer']} data-question="safe">
      <h2>{t.safe}</h2>
      <div className={css['word']}><SafetyButton /></div>
      <p className={css['line']}>{reasons[0]?.text ?? line}</p>
      {nearest && <p className={`${css['line'] ?? ''} ${css['second'] ?? ''}`}>{t.nearest} {change(nearest.stop_distance, 1)} {baseOf(nearest.symbol)}</p>}
    </div>
  );
}

function MoneyAnswer({ present }: { present: Present }) {
  const t = useTexts(words);
  const { equity, positions } = present;
  const open = openResult(positions);
  return (
    <Link to="/equity" className={css['answer']} data-question="money">
      <h2>{t.pnl}</h2>
      {equity ? (
        <>
          <p className={css['equity']}><span>{t.equity}</span> <b>{plain(equity.equity)}<Unit>USDT</Unit></b></p>
          <p className={css['pair']} title={t.todayUtc}>
            <span>{t.today}</span>
            <b><Result value={equity.day} of={equity.equity} /> <small><Result bare value={equity.day_fraction} of={1} text={change(equity.day_fraction)} /></small></b>
          </p>
          <p className={css['pair']}>
            <span>{t.openPnl}</span>
            <b>{open ? <><Result value={open.net} of={equity.equity} /> <small>{t.net}</small></> : '–'}</b>
          </p>
          <div className={css['spark']}>
            <Spark values={equity.spark} height={26} fill tone="neutral" label={`${t.equityDay}: ${change(equity.span_fraction)}`} />
            <small>{t.drawdown} {change(equity.drawdown, 1)}</small>
          </div>
        </>
      ) : <p className={css['line']}>{t.waiting}</p>}
    </Link>
  );
}

function OpenAnswer({ positions }: { positions: readonly Held[] }) {
  const t = useTexts(words);
  const long = positions.filter((p) => p.direction > 0).length;
  const notional = positions.reduce((sum, p) => sum + (p.notional ?? 0), 0);
  return (
    <div className={css['answer']} data-question="open">
      <h2>{t.open} <span className={css['count']}>{positions.length}</span></h2>
      <p className={css['wide']}>{long} {t.long}, {positions.length - long} {t.short}</p>
      <p className={css['wide']}>{plain(notional, 0)} USDT {t.notional}</p>
      <ul className={css['held']}>
        {positions.slice(0, SHOWN).map((p) => <PositionLine key={`${p.strategy}${p.symbol}`} of={p} />)}
        {positions.length > SHOWN && <li><Link to="/positions">{fill(t.more, { n: positions.length - SHOWN })}</Link></li>}
        {positions.length === 0 && <li className={css['quiet']}>{t.noPositions}</li>}
      </ul>
    </div>
  );
}

function FeedLine() {
  const t = useTexts(words);
  const feeds = useTopic('feeds');
  const actors = useTopic('actors');
  const all = [...(feeds?.values() ?? [])];
  const own = [...(actors?.values() ?? [])];
  if (!feeds || !actors) return <p className={css['line']}>–</p>;
  return (
    <>
      <p className={css['line']}>{fill(t.feeds, { fresh: all.filter((f) => !f.stale).length, all: all.length })}</p>
      <p className={`${css['line'] ?? ''} ${css['second'] ?? ''}`}>{fill(t.actors, { ok: own.filter((a) => !a.silent && a.state === 'ok').length, all: own.length })}</p>
    </>
  );
}

function NextAnswer({ present }: { present: Present }) {
  const t = useTexts(words);
  const zone = useZone();
  useTick();
  const exchange = useLink().beat?.exchange_ms ?? present.health?.exchange_ms;
  const due = present.next?.decision_ms;
  return (
    <div className={css['answer']} data-question="next">
      <h2>{t.next}</h2>
      <p className={css['pair']}><span>{t.decision} {clock(due, zone)}</span> <b>{due && exchange ? (due > exchange ? duration(due - exchange) : t.due) : '–'}</b></p>
      {present.next?.levels.slice(0, 2).map((level) => (
        <LevelLine key={`${level.strategy}${level.symbol}${level.level}`} level={level} />
      ))}
    </div>
  );
}

function LevelLine({ level }: { level: NonNullable<Present['next']>['levels'][number] }) {
  const tick = useValue('rules', level.symbol)?.tick;
  return (
    <p className={css['pair']}>
      <Link to={`/grid/${level.strategy}/${level.symbol}`}>{baseOf(level.symbol)} L{level.level + 1} {price(level.price, tick)}</Link>
      <b>{change(level.distance, 1)}</b>
    </p>
  );
}

/** The stop as read back: its distance, or the alarm. */
function Stop({ of }: { of: Held }) {
  if (of.stop === null) return <NoStop ms={of.unprotected_ms} />;
  return <span className={css['stop']}>SL {change(of.stop_distance, 1)}</span>;
}

function PositionLine({ of }: { of: Held }) {
  const t = useTexts(words);
  return (
    <li>
      <Link to={`/positions/${of.symbol}`} className={css['position']}>
        <b>{baseOf(of.symbol)}</b> <Side direction={of.direction} />
        {!of.strategy && <Badge tone="danger">{t.foreign}</Badge>}
        <span className={css['result']}><Result value={of.net ?? of.unrealised} of={of.notional} /></span>
        <Stop of={of} />
      </Link>
    </li>
  );
}

function Positions({ present, stale }: { present: Present; stale: boolean }) {
  const t = useTexts(words);
  const nearest = present.next?.levels[0];
  return (
    <Card title={t.positions} to="/positions" flush stale={stale} className={css['wide']}>
      {present.positions.length === 0 ? (
        <Empty why={t.noPositions} next={nearest && fill(t.nearestLevel, { level: `${nearest.symbol} L${nearest.level + 1}, ${change(nearest.distance, 1)}` })} />
      ) : (
        <table className={css['table']}>
          <tbody>
            {present.positions.map((p) => (
              <tr key={`${p.strategy}${p.symbol}`}>
                <td><Link to={`/positions/${p.symbol}`}><b>{baseOf(p.symbol)}</b></Link></td>
                <td><Side direction={p.direction} /></td>
                <td className={css['dim']}>{p.strategy || <Badge tone="danger">{t.foreign}</Badge>}</td>
                <td className={css['number']}><Result value={p.net ?? p.unrealised} of={p.notional} /></td>
                <td className={`${css['number'] ?? ''} ${css['dim'] ?? ''}`}>({plain(p.unrealised)} {t.gross})</td>
                <td className={css['number']}><Stop of={p} /></td>
                <td className={css['sparkCell']}><SymbolSpark symbol={p.symbol} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}

function SymbolSpark({ symbol }: { symbol: string }) {
  const spark = useValue('sparks', symbol);
  return <Spark values={spark?.closes ?? []} height={22} label={`${symbol} 24 h`} />;
}

function Levels({ present }: { present: Present }) {
  const t = useTexts(words);
  const levels = present.next?.levels ?? [];
  return (
    <Card title={<Term of="nearness">{t.levels}</Term>} flush className={css['wide']}>
      {levels.length === 0 ? <Empty why={t.noLevels} /> : (
        <table className={css['table']}>
          <tbody>
            {levels.map((level) => <LevelRow key={`${level.strategy}${level.symbol}${level.level}`} level={level} />)}
          </tbody>
        </table>
      )}
    </Card>
  );
}

function LevelRow({ level }: { level: NonNullable<Present['next']>['levels'][number] }) {
  const rules = useValue('rules', level.symbol);
  const near = Math.max(0, 1 - Math.abs(level.distance) / 0.1);
  return (
    <tr>
      <td><Link to={`/grid/${level.strategy}/${level.symbol}`}><b>{baseOf(level.symbol)}</b> L{level.level + 1}</Link></td>
      <td className={css['dim']}>{level.strategy}</td>
      <td className={css['number']}>{price(level.price, rules?.tick)}</td>
      <td className={css['number']}>{change(level.distance, 2)}</td>
      <td className={css['meter']}><i style={{ width: `${near * 100}%` }} /></td>
    </tr>
  );
}

function Events({ present }: { present: Present }) {
  const t = useTexts(words);
  return (
    <Card title={t.events} to="/events" flush className={css['events']}>
      {present.events.length === 0 ? <Empty why={t.noEvents} /> : (
        <ul className={css['eventList']} tabIndex={0} aria-label={t.events}>
          {present.events.map(([key, event]) => <EventLine key={key} event={event} />)}
        </ul>
      )}
    </Card>
  );
}

function Strategies() {
  const t = useTexts(words);
  const { scope } = useScope();
  const runners = useTopic('runners');
  const own = [...(runners?.values() ?? [])].flatMap((r) => r.money.filter((m) => m.scope === scope));
  if (!own.length) return null;
  return (
    <Card title={t.strategies} to="/arena" flush className={css['wide']}>
      <table className={css['table']}>
        <tbody>
          {own.map((m) => (
            <tr key={m.strategy}>
              <td>{m.strategy}</td>
              <td className={css['number']}><Result value={m.net} of={m.wallet} /></td>
              <td className={`${css['number'] ?? ''} ${css['dim'] ?? ''}`}>{m.trades} {t.trades}</td>
              <td className={`${css['number'] ?? ''} ${css['dim'] ?? ''}`}>{m.wins} {t.won}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}
