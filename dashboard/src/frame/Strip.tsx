/** The strip on top of every page: mode, safety, money, what is open, age of the data, what comes next, the key. */
import { useSearch } from 'wouter';
import type { Position } from '../api/types';
import { Badge, Button, Choice, Result, Unit, type BadgeTone } from '../components/parts';
import { Icon } from '../components/Icon';
import { haltDeed, reduceDeed } from '../command/deeds';
import { key, useKey } from '../command/key';
import { show } from '../command/store';
import { change, plain } from '../format/numbers';
import { age, clockSeconds, duration } from '../format/time';
import { connection, useLink, useSelected, useTick, useValue } from '../live/hooks';
import { useSafety } from '../live/safety';
import { useScope } from '../live/scope';
import { fill, useTexts } from '../text/language';
import { choose, useSettings, useZone } from '../text/settings';
import { DEED, words } from './texts';
import css from './frame.module.css';

const MODE_TONE: Record<string, BadgeTone> = { demo: 'dashed', paper: 'normal', live: 'filled' };

export function SafetyButton() {
  const { word, reasons } = useSafety();
  const t = useTexts(words);
  return (
    <button type="button" className={css['safety']} data-word={word} onClick={() => show({ kind: 'safety' })} aria-haspopup="dialog">
      <Icon name={DEED[word]} size={14} />
      {word === 'UNKNOWN' ? t.unknown : word}
      {reasons.length > 0 && word !== 'UNKNOWN' && <span>{reasons.length}</span>}
    </button>
  );
}

/** The age of the oldest candle that still counts, told by the server and run on since. */
export function DataAge() {
  useTick();
  const link = useLink();
  const ages = Object.values(link.beat?.ages_s ?? {}).filter((one) => one !== null);
  const oldest = ages.length ? Math.max(...ages) + connection.sinceBeat() : undefined;
  const lagging = oldest === undefined || oldest > 15;
  return (
    <span title={Object.entries(link.beat?.ages_s ?? {}).map(([symbol, s]) => `${symbol} ${age(s)}`).join(', ')}>
      {age(oldest)} <span aria-hidden="true">{link.state !== 'live' ? '○' : lagging ? '◐' : '●'}</span>
    </span>
  );
}

export const ModeBadge = () => {
  const mode = useValue('status', 'now')?.mode;
  return <Badge tone={MODE_TONE[mode ?? ''] ?? 'plain'}>{mode?.toUpperCase() ?? '…'}</Badge>;
};

export function ScopeSwitch() {
  const { scope, scopes, choose: pick } = useScope();
  useSearch();
  const mode = useValue('status', 'now')?.mode;
  if (scopes.length < 2) return null;
  const live = mode === 'demo' ? 'DEMO' : 'LIVE';
  return <Choice label="scope" value={scope} options={[['live', live], ['paper', 'PAPER']]} onChange={pick} />;
}

/** Mode and scope in one: the badge alone on a phone or where there is one scope, else the switch in the mode's look. */
function Mode() {
  const { scopes } = useScope();
  const both = scopes.length > 1;
  return (
    <>
      <span className={both ? css['phoneOnly'] : undefined}><ModeBadge /></span>
      {both && <span className={css['notPhone']}><ScopeSwitch /></span>}
    </>
  );
}

const openNow = (positions: ReadonlyMap<string, Omit<Position, 'age_s'>>, scope: string) => {
  const own = [...positions.values()].filter((p) => p.scope === scope);
  return { count: own.length, stops: own.filter((p) => p.stop !== null).length };
};

function KeyState() {
  const t = useTexts(words);
  useTick();
  const until = useKey();
  const left = Math.max(0, until - performance.now());
  return (
    <button type="button" className={css['plainButton']} onClick={() => (until ? key.lock() : show({ kind: 'key' }))} title={until ? t.lock : t.unlock}>
      <Icon name={until ? 'unlock' : 'lock'} size={14} />
      <span className={css['wideOnly']}>{until ? fill(t.keyOpen, { left: duration(left) }) : t.keyLocked}</span>
    </button>
  );
}

function Clock() {
  useTick();
  const t = useTexts(words);
  const zone = useZone();
  const { utc } = useSettings();
  const now = connection.serverNow();
  return (
    <button type="button" className={css['plainButton']} title={t.utc} onClick={() => choose({ utc: !utc })}>
      <span className={`${css['dim'] ?? ''} ${css['wideOnly'] ?? ''}`}>{zone}</span> {clockSeconds(now, zone)}
    </button>
  );
}

/** How far the next decision is, by the exchange's clock as the last heartbeat told it. */
function Next() {
  const t = useTexts(words);
  const zone = useZone();
  useTick();
  const next = useValue('next', 'now')?.decision_ms;
  const exchange = useLink().beat?.exchange_ms;
  if (!next || !exchange) return null;
  return (
    <div className={css['wideOnly']}>
      <span className={css['dim']}>{t.next}</span>
      <span>{t.decision} {clockSeconds(next, zone).slice(0, 5)}, {duration(next - exchange)}</span>
    </div>
  );
}

export function Strip() {
  const t = useTexts(words);
  const { scope } = useScope();
  const equity = useValue('equity', scope);
  const open = useSelected('positions', (positions) => openNow(positions, scope));
  const live = useLink().state === 'live';
  return (
    <header className={css['strip']}>
      <div><Mode /><SafetyButton /></div>
      {equity && (
        <div className={`${css['notPhone'] ?? ''} ${css['gives'] ?? ''}`}>
          <span className={`${css['dim'] ?? ''} ${css['wideOnly'] ?? ''}`}>{t.equity}</span>
          <span className={css['figure']}>{plain(equity.equity)}<Unit>USDT</Unit></span>
          <span className={css['dim']}>{t.today}</span>
          <span><Result value={equity.day} of={equity.equity} /> (<Result bare value={equity.day_fraction} of={1} text={change(equity.day_fraction)} />)</span>
        </div>
      )}
      <div className={`${css['desktopOnly'] ?? ''} ${css['gives'] ?? ''}`}>
        <span>{open.count} {t.open}</span>
        {open.count > 0 && <Badge tone={open.stops < open.count ? 'danger' : 'plain'}>{t.stops} {open.stops}/{open.count}</Badge>}
      </div>
      <div className={css['grow']} />
      <div><span className={`${css['dim'] ?? ''} ${css['wideOnly'] ?? ''}`}>{t.data}</span><DataAge /></div>
      <Next />
      <div className={css['desktopOnly']}><Clock /></div>
      <div className={css['notPhone']}>
        <button type="button" className={css['plainButton']} onClick={() => show({ kind: 'palette' })} title={t.search}>
          <Icon name="search" size={14} /> <kbd className={css['wideOnly']}>Ctrl K</kbd>
        </button>
        <KeyState />
        <span className={css['desktopOnly']}>
          <Button small disabled={!live} onClick={() => show({ kind: 'deed', deed: reduceDeed('') })}><Icon name="reduce" size={14} /> {t.reduce}</Button>
        </span>
        <Button small disabled={!live} onClick={() => show({ kind: 'deed', deed: haltDeed('') })}>
          <Icon name="halt" size={14} /> {t.halt}
        </Button>
      </div>
    </header>
  );
}
