/** Which dialog is open, asked for from anywhere: a button, a key, the palette. */
import { useSyncExternalStore } from 'react';
import type { Deed } from './Confirm';

export type Open = { kind: 'deed'; deed: Deed } | { kind: 'key' } | { kind: 'palette' } | { kind: 'keys' } | { kind: 'safety' } | undefined;

let open: Open;
const listeners = new Set<() => void>();

export function show(next: Open): void {
  open = next;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useOpen = (): Open => useSyncExternalStore(subscribe, () => open);
