/** Equity of the last seven days, read and drawn when it comes into view. */
import { useGet } from '../../api/hooks';
import type { Schemas } from '../../api/types';
import { Late } from '../../charts/Late';
import { Card, Change, Empty, Loaded } from '../../components/parts';
import { change, plain, tone } from '../../format/numbers';
import { day, moment } from '../../format/time';
import { useClocks } from '../../live/hooks';
import type { Scope } from '../../live/scope';
import { fill, useTexts } from '../../text/language';
import { useZone } from '../../text/settings';
import { words } from './texts';
import css from './Now.module.css';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const [WIDE, NARROW, H, LEFT, RIGHT, TOP, BOTTOM] = [640, 340, 168, 0, 64, 8, 22];

export function Week({ scope }: { scope: Scope }) {
  const t = useTexts(words);
  return (
    <Card title={t.equityWeek} to="/equity">
      <Late height={H}><Curve scope={scope} /></Late>
    </Card>
  );
}

function Curve({ scope }: { scope: Scope }) {
  const t = useTexts(words);
  const { exchange } = useClocks();
  // The span begins at a whole hour, so that the question stays the same between two readings.
  const from = exchange ? Math.floor((exchange - 7 * DAY) / HOUR) * HOUR : null;
  const curves = useGet('/api/equity/curves', { query: { scope, from_ms: from, points: 300 }, everyMs: 60_000, keep: true, enabled: from !== null });
  return (
    <Loaded from={curves} lines={6}>
      {(data) => {
        const total = data.curves[0];
        return total && total.t.length > 1 ? <Drawn of={total} /> : <Empty why={t.noCurve} next={t.noCurveNext} />;
      }}
    </Loaded>
  );
}

function Drawn({ of }: { of: Schemas['Points'] }) {
  const t = useTexts(words);
  const zone = useZone();
  const W = matchMedia('(width < 640px)').matches ? NARROW : WIDE;
  const [first, last] = [of.t[0] ?? 0, of.t.at(-1) ?? 1];
  const begin = of.value[0] ?? 0;
  const end = of.value.at(-1) ?? 0;
  const low = Math.min(...of.value);
  const high = Math.max(...of.value);
  const range = high - low || Math.abs(high) * 0.001 || 1;
  const x = (ms: number) => LEFT + ((ms - first) / (last - first || 1)) * (W - LEFT - RIGHT);
  const y = (value: number) => TOP + ((high - value) / range) * (H - TOP - BOTTOM);
  const line = of.value.map((value, i) => `${i ? 'L' : 'M'}${x(of.t[i] ?? 0).toFixed(1)} ${y(value).toFixed(1)}`).join('');
  const moved = begin ? end / begin - 1 : null;
  const step = Math.max(1, Math.ceil((last - first) / DAY / 7)) * DAY;
  const days = Array.from({ length: 8 }, (_, i) => (Math.floor(first / DAY) + 1) * DAY + i * step).filter((ms) => ms < last);
  return (
    <figure className={css['week']}>
      <figcaption><Change fraction={moved} /> <span className={css['dim']}>{fill(t.since, { when: moment(first, zone) })}</span></figcaption>
      <svg viewBox={`0 0 ${W} ${H}`} role="img" aria-label={`${t.equityWeek}: ${plain(end)} USDT, ${change(moved)}`} data-tone={tone(end - begin, begin)}>
        {days.map((ms, i) => <g key={ms}><line className={css['rule']} x1={x(ms)} x2={x(ms)} y1={TOP} y2={H - BOTTOM} />{x(ms) < W - RIGHT - 30 && (W === WIDE || i % 2 === 0) && <text x={x(ms) + 4} y={H - 6}>{day(ms, zone).replace(/ \d{4}$/, '')}</text>}</g>)}
        <line className={css['zero']} x1={LEFT} x2={W - RIGHT} y1={y(begin)} y2={y(begin)} />
        <path className={css['area']} d={`${line}L${x(last)} ${H - BOTTOM}L${x(first)} ${H - BOTTOM}Z`} />
        <path className={css['curve']} d={line} />
        {[...new Set([high, low])].map((value) => <text key={value} x={W} y={y(value) + 4} textAnchor="end">{plain(value, range < 50 ? 2 : 0)}</text>)}
      </svg>
    </figure>
  );
}
