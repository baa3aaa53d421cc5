/** Actors, account, kill switches, preferences, versions and licences. */
import { useState } from 'react';
import { useGet } from '../../api/hooks';
import type { Schemas } from '../../api/types';
import { resetDeed } from '../../command/deeds';
import { show } from '../../command/store';
import { Age, Badge, Bar, Button, Card, Empty, Facts, Loaded, Term } from '../../components/parts';
import { Table, type Column } from '../../components/Table';
import { percent, plain } from '../../format/numbers';
import { duration, moment, utc } from '../../format/time';
import { connection, useLive, useTick } from '../../live/hooks';
import { fill, useTexts } from '../../text/language';
import { useZone } from '../../text/settings';
import { Preferences } from './Preferences';
import { words } from './texts';
import css from './System.module.css';

type Actor = Schemas['ActorSeen'];

const EVERY_MS = 2_000;

const OURS: Record<string, string> = {
  react: 'MIT', 'react-dom': 'MIT', wouter: 'Unlicense', '@tanstack/react-query': 'MIT', '@tanstack/react-virtual': 'MIT',
  'lightweight-charts': 'Apache-2.0', uplot: 'MIT',
};

export default function System() {
  const t = useTexts(words);
  const live = useLive();
  const system = useGet('/api/system', { everyMs: EVERY_MS, keep: true });
  return (
    <div className={css['page']}>
      <h1 className="visually-hidden">{t.title}</h1>
      <Loaded from={system} lines={12}>
        {(found) => (
          <>
            <Card title={t.actors} flush stale={!live} className={css['wide']} aside={<span className={`${css['dim'] ?? ''} ${css['roomy'] ?? ''}`}>{t.deliveryHelp}</span>}><Actors of={found.actors} readMs={found.time_ms} /></Card>
            <div className={css['column']}>
              <About of={found} />
              <Switches />
            </div>
            <Preferences />
            <Account of={found.account} />
            <Licences of={found} />
          </>
        )}
      </Loaded>
    </div>
  );
}

const TONE: Record<string, 'plain' | 'warn' | 'danger'> = { ok: 'plain', starting: 'warn', degraded: 'warn', stopping: 'warn' };

function Actors({ of, readMs }: { of: readonly Actor[]; readMs: number }) {
  const t = useTexts(words);
  const zone = useZone();
  useTick();
  const since = Math.max(0, ((connection.serverNow() ?? readMs) - readMs) / 1000);
  const rank = (actor: Actor) => (actor.silent ? 0 : actor.state !== 'ok' || actor.lagging ? 1 : 2);
  const columns: Column<Actor>[] = [
    { id: 'name', head: t.actor, by: (actor) => `${rank(actor)} ${actor.name}`, cell: (actor) => <b>{actor.name}</b>, phone: 'head' },
    {
      id: 'state', head: t.state, wide: true, phone: 'head',
      cell: (actor) => (
        <>
          <Badge tone={actor.silent ? 'danger' : (TONE[actor.state] ?? 'danger')}>{actor.silent ? t.silent : actor.state}</Badge>{' '}
          {actor.lagging && <Badge tone="warn">{t.lagging}</Badge>} <span className={css['detail']} title={actor.detail}>{actor.detail}</span>
        </>
      ),
    },
    { id: 'restarts', head: t.restarts, number: true, by: (actor) => actor.restarts, cell: (actor) => <>{actor.restarts}{actor.restarted_ms !== null && <small className={css['dim']}> ({moment(actor.restarted_ms, zone)})</small>}</> },
    { id: 'beat', head: t.beat, number: true, by: (actor) => actor.beat_age_s, cell: (actor) => <Age seconds={actor.beat_age_s === null ? null : actor.beat_age_s + since} lagging={5} stale={10} />, phone: 'line' },
    { id: 'queue', head: t.queue, number: true, by: (actor) => actor.lag, cell: (actor) => plain(actor.lag, 0) },
    { id: 'errors', head: t.errors, number: true, by: (actor) => actor.errors, cell: (actor) => plain(actor.errors, 0) },
    { id: 'delivery', head: t.delivery, number: true, by: (actor) => actor.delivery_p99_ms, cell: (actor) => (actor.delivery_p50_ms === null ? '–' : `${plain(actor.delivery_p50_ms, 0)} / ${plain(actor.delivery_p99_ms, 0)} ms`), phone: 'line' },
  ];
  return <Table label={t.actors} rows={of} columns={columns} keyOf={(actor) => actor.name} sorted="name" />;
}

function About({ of }: { of: Schemas['System'] }) {
  const t = useTexts(words);
  return (
    <Card title={t.facts}>
      <Facts
        of={[
          [t.mode, of.mode.toUpperCase()],
          [t.uptime, duration(of.uptime_s * 1000)],
          [t.serverTime, utc(of.time_ms)],
          [t.exchangeTime, utc(of.exchange_ms)],
          [t.access, t.accessNote],
          [t.ray, of.ray_dashboard ? <a href={of.ray_dashboard} target="_blank" rel="noreferrer">{of.ray_dashboard}</a> : <span className={css['dim']}>{t.rayOff}</span>],
        ]}
      />
    </Card>
  );
}

const VERDICT = { ok: 'plain', change: 'warn', warn: 'warn', refuse: 'danger' } as const;

function Account({ of }: { of: Schemas['System']['account'] }) {
  const t = useTexts(words);
  const zone = useZone();
  if (!of) return <Card title={t.account} className={css['wide']}><Empty why={t.noAccount} next={t.noAccountNext} /></Card>;
  type Check = (typeof of.checks)[number];
  const columns: Column<Check>[] = [
    { id: 'name', head: t.fact, cell: (check) => check.name, phone: 'head' },
    { id: 'found', head: t.found, wide: true, cell: (check) => <span className={css['wrap']}>{check.found}</span>, phone: 'line' },
    { id: 'wanted', head: t.wanted, cell: (check) => <span className={`${css['dim'] ?? ''} ${css['firm'] ?? ''}`}>{check.wanted}</span> },
    { id: 'verdict', head: '', cell: (check) => <Badge tone={VERDICT[check.verdict]}>{check.verdict}</Badge>, phone: 'head' },
  ];
  return (
    <Card
      title={t.account} flush className={css['wide']}
      aside={<span className={css['dim']}><span className={css['roomy']}>{fill(t.checkedAt, { when: moment(of.ts_ms, zone), who: of.source })}</span> <Badge tone={of.passed ? 'plain' : 'danger'}>{of.passed ? t.checkPassed : t.checkRefused}</Badge></span>}
    >
      <Table label={t.account} rows={of.checks} columns={columns} keyOf={(check) => check.name} keys={false} />
    </Card>
  );
}

function Switches() {
  const t = useTexts(words);
  const zone = useZone();
  const risk = useGet('/api/risk', { everyMs: EVERY_MS, keep: true });
  if (risk.error?.status === 503) return <Card title={t.switches}><Empty why={t.noSwitches} /></Card>;
  return (
    <Card title={<Term of="halted">{t.switches}</Term>}>
      <Loaded from={risk}>
        {(found) => (
          <ul className={css['switches']}>
            {found.switches.map((one) => (
              <li key={one.name}>
                <span>{(one.name.split(':')[0] ?? one.name).replace('kill_', '')} <small>{one.strategy || t.all}</small></span>
                <span className={css['used']}>{one.limit === null ? '' : `${percent(one.used, 1)} / ${percent(one.limit, 1)}`}</span>
                {one.tripped ? (
                  <>
                    <Badge tone="danger" icon="halt">{t.tripped}</Badge>
                    <Button small onClick={() => show({ kind: 'deed', deed: resetDeed(one.name) })}>{t.reset}</Button>
                    <small className={css['why']}>{fill(t.since, { when: moment(one.since_ms, zone), why: one.reason })}</small>
                  </>
                ) : <Bar used={one.used ?? 0} limit={one.limit ?? 1} label={one.name} />}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}

function Licences({ of }: { of: Schemas['System'] }) {
  const t = useTexts(words);
  const [open, setOpen] = useState(false);
  const listed = (all: Record<string, string>) => Object.entries(all).map(([name, said]) => <li key={name}>{name} <span className={css['dim']}>{said}</span></li>);
  return (
    <Card title={t.about} className={css['wide']}>
      <p>{t.chartsNotice} <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">tradingview.com</a></p>
      <p className={css['dim']}>{t.noForeign}</p>
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{t.versions}: {Object.entries(of.versions).map(([name, version]) => `${name} ${version}`).join(', ')}</summary>
        <div className={css['licences']}>
          <div><h3>{t.server}</h3><ul>{listed(of.licences)}</ul></div>
          <div><h3>{t.browser}</h3><ul>{listed(OURS)}</ul></div>
        </div>
      </details>
    </Card>
  );
}
