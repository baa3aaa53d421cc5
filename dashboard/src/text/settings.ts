/** What the user chose for this browser: language, zone, colours, theme, single keys. Kept in local storage; no secret. */
import { useSyncExternalStore } from 'react';
import { localZone } from '../format/time';

export type Settings = {
  language: 'en' | 'fr';
  utc: boolean;
  colours: 'blue-orange' | 'green-red' | 'red-green';
  theme: 'dark' | 'night' | 'light';
  singleKeys: boolean;
};

const KEY = 'scalp-radar.settings';

const DEFAULTS: Settings = { language: 'en', utc: false, colours: 'blue-orange', theme: 'dark', singleKeys: true };

const ALLOWED: { [K in keyof Settings]: readonly Settings[K][] } = {
  language: ['en', 'fr'],
  utc: [true, false],
  colours: ['blue-orange', 'green-red', 'red-green'],
  theme: ['dark', 'night', 'light'],
  singleKeys: [true, false],
};

/** Settings from what was stored; whatever is odd falls back to the default. */
export function settingsFrom(stored: string | null, language: string): Settings {
  const first: Settings = { ...DEFAULTS, language: language.toLowerCase().startsWith('fr') ? 'fr' : 'en' };
  let found: unknown;
  try {
    found = JSON.parse(stored ?? '{}');
  } catch {
    return first;
  }
  if (typeof found !== 'object' || found === null) return first;
  const given = found as Record<string, unknown>;
  const kept = Object.entries(ALLOWED).filter(([key, allowed]) => (allowed as readonly unknown[]).includes(given[key]));
  return { ...first, ...Object.fromEntries(kept.map(([key]) => [key, given[key]])) };
}

let current: Settings | undefined;
const listeners = new Set<() => void>();

function read(): Settings {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(KEY);
  } catch {
    // storage may be forbidden: the defaults do
  }
  return settingsFrom(stored, navigator.language);
}

export function settings(): Settings {
  current ??= read();
  return current;
}

/** Change some, keep them, show them. */
export function choose(changed: Partial<Settings>): void {
  current = { ...settings(), ...changed };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // as above
  }
  show();
  for (const listener of listeners) listener();
}

/** Let the style sheet know. */
export function show(): void {
  const { theme, colours, language } = settings();
  const root = document.documentElement;
  root.dataset['theme'] = theme;
  root.dataset['colours'] = colours;
  root.lang = language;
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useSettings = (): Settings => useSyncExternalStore(subscribe, settings);

/** The zone that times are shown in. */
export const useZone = (): string => (useSettings().utc ? 'UTC' : localZone());
