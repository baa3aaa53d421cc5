/** What there is of market data: in memory and at rest, how fresh, and where it lacks. */
import { useSearchParams } from 'wouter';
import { useGet } from '../../api/hooks';
import type { Schemas } from '../../api/types';
import { Copy } from '../../components/Copy';
import { Badge, Card, Empty, Loaded, baseOf } from '../../components/parts';
import { Table, type Column } from '../../components/Table';
import { plain } from '../../format/numbers';
import { age, ago, clock, day, duration, utc } from '../../format/time';
import { connection, useLink, useLive, useTick } from '../../live/hooks';
import { fill, useTexts } from '../../text/language';
import { useZone } from '../../text/settings';
import { CoverageBar, type Axis } from './CoverageBar';
import { words } from './texts';
import css from './Data.module.css';

type Held = Schemas['Held'];
type Stored = Schemas['Stored'];

const keyOf = (row: Stored): string => `${row.exchange}/${row.symbol}/${row.timeframe}`;
const EXAMPLE = 'scalp-radar data fetch --symbol BTC-USDT --timeframe 1m,1h --from 2025-01-01';

export default function Data() {
  const t = useTexts(words);
  const live = useLive();
  const coverage = useGet('/api/data/coverage', { everyMs: 10_000, keep: true });
  return (
    <div className={css['page']}>
      <h1 className="visually-hidden">{t.title}</h1>
      <Loaded from={coverage} lines={10}>
        {(found) => (
          <>
            <Card title={t.held} flush stale={!live} aside={<span className={`${css['dim'] ?? ''} ${css['roomy'] ?? ''}`}>{t.heldNote}</span>}><InMemory rows={found.held} /></Card>
            <AtRest of={found} />
          </>
        )}
      </Loaded>
    </div>
  );
}

/** One line a symbol; its timeframes side by side. */
function InMemory({ rows }: { rows: readonly Held[] }) {
  const t = useTexts(words);
  const symbols = [...new Set(rows.map((row) => row.symbol))];
  if (!symbols.length) return <Empty why={t.noneHeld} next={t.noneHeldNext} />;
  const of = (symbol: string) => rows.filter((row) => row.symbol === symbol);
  const columns: Column<string>[] = [
    { id: 'symbol', head: t.symbol, by: (symbol) => symbol, cell: (symbol) => <b>{baseOf(symbol)}</b>, phone: 'head' },
    { id: 'age', head: t.age, number: true, cell: (symbol) => <Freshness symbol={symbol} stale={of(symbol)[0]?.stale ?? true} />, phone: 'head' },
    { id: 'frames', head: t.span, wide: true, cell: (symbol) => <Frames rows={of(symbol)} />, phone: 'line' },
    { id: 'missing', head: t.missing, number: true, by: (symbol) => of(symbol).reduce((sum, row) => sum + row.missing, 0), cell: (symbol) => <Missing n={of(symbol).reduce((sum, row) => sum + row.missing, 0)} /> },
  ];
  return <Table label={t.held} rows={symbols} columns={columns} keyOf={(symbol) => symbol} sorted="symbol" />;
}

function Frames({ rows }: { rows: readonly Held[] }) {
  return (
    <span className={css['frames']}>
      {rows.map((row) => (
        <span key={row.timeframe} title={`${utc(row.first_ms)} – ${utc(row.last_ms)}`} data-missing={row.missing > 0 || undefined}>
          <b>{row.timeframe}</b> {plain(row.rows, 0)} <small>{duration(row.last_ms - row.first_ms)}{row.missing > 0 && `, −${row.missing}`}</small>
        </span>
      ))}
    </span>
  );
}

function Freshness({ symbol, stale }: { symbol: string; stale: boolean }) {
  const t = useTexts(words);
  useTick();
  const told = useLink().beat?.ages_s[symbol];
  const text = told === null || told === undefined ? '–' : age(told + connection.sinceBeat());
  return stale ? <Badge tone="warn" icon="clock">{text} {t.stale}</Badge> : <>{text}</>;
}

const Missing = ({ n }: { n: number }) => <span data-missing={n > 0 || undefined} className={n > 0 ? css['lacks'] : css['dim']}>{plain(n, 0)}</span>;

function AtRest({ of }: { of: Schemas['Coverage'] }) {
  const t = useTexts(words);
  const zone = useZone();
  const [query, setQuery] = useSearchParams();
  const chosen = query.get('series') ?? '';
  const rows = of.stored;
  const axis: Axis = { from: Math.min(...rows.map((row) => row.first_ms)), to: Math.max(...rows.map((row) => row.last_ms)) };
  const open = (row: Stored) => setQuery((now) => {
    if (keyOf(row) === chosen) now.delete('series');
    else now.set('series', keyOf(row));
    return now;
  }, { replace: true });
  const said = (row: Stored) => fill(t.bar, { symbol: row.symbol, tf: row.timeframe, from: day(row.first_ms, 'UTC'), to: day(row.last_ms, 'UTC'), missing: plain(row.missing, 0) });
  const columns: Column<Stored>[] = [
    { id: 'symbol', head: t.symbol, by: (row) => `${row.symbol} ${row.exchange}`, cell: (row) => <><b>{baseOf(row.symbol)}</b> <small className={css['dim']}>{row.exchange}</small></>, phone: 'head' },
    { id: 'timeframe', head: t.timeframe, cell: (row) => row.timeframe, phone: 'head' },
    { id: 'bar', head: <Years axis={axis} />, wide: true, cell: (row) => <CoverageBar label={said(row)} axis={axis} from={row.first_ms} to={row.last_ms} gaps={[]} thin={row.gaps > 0} />, phone: 'none' },
    { id: 'first', head: t.first, number: true, by: (row) => row.first_ms, cell: (row) => day(row.first_ms, 'UTC') },
    { id: 'last', head: t.last, number: true, by: (row) => row.last_ms, cell: (row) => <time title={utc(row.last_ms)}>{day(row.last_ms, 'UTC')}</time>, phone: 'line' },
    { id: 'rows', head: t.rows, number: true, by: (row) => row.rows, cell: (row) => <>{plain(row.rows, 0)}<span className={css['named']}> {t.rows}</span></>, phone: 'line' },
    { id: 'gaps', head: t.gaps, number: true, by: (row) => row.gaps, cell: (row) => <><Missing n={row.gaps} /><span className={css['named']}> {t.gaps}</span></>, phone: 'line' },
    { id: 'missing', head: t.missing, number: true, by: (row) => row.missing, cell: (row) => <Missing n={row.missing} /> },
  ];
  return (
    <Card title={t.stored} flush aside={of.looked_ms > 0 && <span className={css['dim']}>{fill(t.looked, { when: ago(of.looked_ms, connection.serverNow() ?? of.looked_ms, zone) })}</span>}>
      {of.problem ? <Empty why={fill(t.problem, { why: of.problem })} /> : rows.length === 0 ? (
        <Empty why={t.noneStored} next={<>{t.noneStoredNext} <code>{EXAMPLE}</code> <Copy text={EXAMPLE} /></>} />
      ) : <Table label={t.stored} rows={rows} columns={columns} keyOf={keyOf} sorted="symbol" chosen={chosen} onOpen={open} detail={(row) => <Lacks of={row} axis={axis} />} />}
    </Card>
  );
}

/** First and last day of everything stored, at either end of the bars. */
const Years = ({ axis }: { axis: Axis }) => (
  <span className={css['years']}><span>{Number.isFinite(axis.from) && day(axis.from, 'UTC')}</span><span>{Number.isFinite(axis.to) && day(axis.to, 'UTC')}</span></span>
);

function Lacks({ of, axis }: { of: Stored; axis: Axis }) {
  const t = useTexts(words);
  const found = useGet('/api/data/coverage/{exchange}/{symbol}/{timeframe}', { path: { exchange: of.exchange, symbol: of.symbol, timeframe: of.timeframe } });
  return (
    <Loaded from={found}>
      {(holes) => (
        <div className={css['lacksOf']}>
          <CoverageBar label={`${of.symbol} ${of.timeframe}`} axis={axis} from={of.first_ms} to={of.last_ms} gaps={holes.gaps} />
          {holes.gaps.length === 0 ? <p>{t.noGaps}</p> : (
            <>
              {holes.gaps_in_all > holes.gaps.length && <p className={css['dim']}>{fill(t.shownOf, { n: holes.gaps.length, all: holes.gaps_in_all })}</p>}
              <ul className={css['holes']}>
                {holes.gaps.slice(0, 20).map((gap) => (
                  <li key={gap.from_ms}>
                    <time>{day(gap.from_ms, 'UTC')} {clock(gap.from_ms, 'UTC')} UTC</time> <span>{duration(gap.to_ms - gap.from_ms)}</span>
                    <span className={css['dim']}>{plain(gap.missing, 0)} {t.missing}</span> {gap.fetch && <Copy text={gap.fetch} label={t.fetch} />}
                  </li>
                ))}
              </ul>
            </>
          )}
          {holes.spikes_in_all === 0 ? <p className={css['dim']}>{t.noSpikes}</p> : (
            <p>{fill(t.spikes, { n: holes.spikes_in_all })} {holes.spikes.slice(0, 5).map((spike) => `${utc(spike.ts_ms)} (${fill(t.times, { n: plain(spike.factor, 0) })})`).join(', ')}</p>
          )}
        </div>
      )}
    </Loaded>
  );
}
