/** Times and durations as words. Everything that comes in is UTC milliseconds; only what is read is in a zone. */
import { NONE } from './numbers';

const HOUR = 3_600_000;
const MINUTE = 60_000;

export type Zone = { name: string; utc: boolean };

export const localZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions, key: string): Intl.DateTimeFormat {
  const name = `${zone}|${key}`;
  let found = formats.get(name);
  if (!found) {
    found = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone, hourCycle: 'h23' });
    formats.set(name, found);
  }
  return found;
}

const known = (ms: number | null | undefined): ms is number => typeof ms === 'number' && Number.isFinite(ms) && ms > 0;

/** 14:00 */
export const clock = (ms: number | null | undefined, zone: string): string =>
  known(ms) ? format(zone, { hour: '2-digit', minute: '2-digit' }, 'hm').format(ms) : NONE;

/** 14:00:07 */
export const clockSeconds = (ms: number | null | undefined, zone: string): string =>
  known(ms) ? format(zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' }, 'hms').format(ms) : NONE;

/** 20 Nov 14:00 */
export const moment = (ms: number | null | undefined, zone: string): string =>
  known(ms)
    ? format(zone, { day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit' }, 'moment').format(ms).replace(',', '')
    : NONE;

/** 20 Nov 2025 */
export const day = (ms: number | null | undefined, zone: string): string =>
  known(ms) ? format(zone, { day: '2-digit', month: 'short', year: 'numeric' }, 'day').format(ms) : NONE;

/** 2025-11-20 14:00:07 UTC: what hover shows and exports say. */
export const utc = (ms: number | null | undefined): string =>
  known(ms) ? `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC` : NONE;

/** 3 h 12 min; two units at most. */
export function duration(ms: number | null | undefined): string {
  if (typeof ms !== 'number' || !Number.isFinite(ms)) return NONE;
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  const m = Math.floor(s / 60);
  if (m < 60) return m < 10 && s % 60 ? `${m} min ${s % 60} s` : `${m} min`;
  const h = Math.floor(m / 60);
  if (h < 48) return m % 60 ? `${h} h ${m % 60} min` : `${h} h`;
  const d = Math.floor(h / 24);
  return h % 24 ? `${d} d ${h % 24} h` : `${d} d`;
}

/** An age in seconds: 0.4 s, 12 s, 3 min. */
export function age(seconds: number | null | undefined): string {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) return NONE;
  const s = Math.max(0, seconds);
  return s < 10 ? `${s.toFixed(1)} s` : duration(s * 1000);
}

/** Relative below one hour, else the moment. `now` is the clock that the time was taken by. */
export function ago(ms: number | null | undefined, now: number, zone: string): string {
  if (!known(ms)) return NONE;
  const passed = now - ms;
  if (passed < -MINUTE || passed >= HOUR) return passed < 24 * HOUR && passed >= HOUR ? clock(ms, zone) : moment(ms, zone);
  return passed < 1000 ? 'now' : `${duration(passed < MINUTE ? passed : passed - (passed % MINUTE))} ago`;
}
