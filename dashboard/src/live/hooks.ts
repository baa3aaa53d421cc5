/** The live store in components. A component that reads a topic also subscribes to it, for as long as it is shown. */
import { useCallback, useEffect, useRef, useSyncExternalStore } from 'react';
import { Connection, type Link } from './connection';
import { equal } from './store';
import type { TopicName, Topics } from './topics';

const scheme = location.protocol === 'https:' ? 'wss' : 'ws';

export const connection = new Connection(`${scheme}://${location.host}/ws/live?topics=`);

const EMPTY: ReadonlyMap<string, never> = new Map<string, never>();

function useWanted(topic: TopicName): void {
  useEffect(() => connection.want([topic]), [topic]);
}

/** Whole topic by key; the same map until something in it changed. `undefined` until it is known. */
export function useTopic<T extends TopicName>(topic: T): ReadonlyMap<string, Topics[T]> | undefined {
  useWanted(topic);
  const subscribe = useCallback((listener: () => void) => connection.store.listen(topic, '', listener), [topic]);
  return useSyncExternalStore(subscribe, () =>
    connection.store.known(topic) ? (connection.store.topic(topic) as ReadonlyMap<string, Topics[T]>) : undefined,
  );
}

/** All values of a topic, in the server's order; empty until it is known. */
export const useValues = <T extends TopicName>(topic: T): Topics[T][] => [...(useTopic(topic) ?? (EMPTY)).values()];

/** One value; only its own changes draw again. */
export function useValue<T extends TopicName>(topic: T, key: string): Topics[T] | undefined {
  useWanted(topic);
  const subscribe = useCallback((listener: () => void) => connection.store.listen(topic, key, listener), [topic, key]);
  return useSyncExternalStore(subscribe, () => connection.store.value(topic, key) as Topics[T] | undefined);
}

/** What `select` makes of a topic; draws again only when that changed. */
export function useSelected<T extends TopicName, R>(topic: T, select: (values: ReadonlyMap<string, Topics[T]>) => R): R {
  useWanted(topic);
  const last = useRef<{ value: R } | undefined>(undefined);
  const subscribe = useCallback((listener: () => void) => connection.store.listen(topic, '', listener), [topic]);
  const snapshot = () => {
    const value = select(connection.store.topic(topic) as ReadonlyMap<string, Topics[T]>);
    if (last.current && equal(last.current.value, value)) return last.current.value;
    last.current = { value };
    return value;
  };
  return useSyncExternalStore(subscribe, snapshot);
}

const listenToLink = (listener: () => void) => connection.listen(listener);

/** The connection: its state, its tries, the last heartbeat. */
export const useLink = (): Link => useSyncExternalStore(listenToLink, () => connection.link);

/** Whether what is shown counts as known now. */
export const useLive = (): boolean => useSyncExternalStore(listenToLink, () => connection.link.state === 'live');

const ticks = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;
let tick = 0;

const listenToTicks = (listener: () => void) => {
  ticks.add(listener);
  ticking ??= setInterval(() => {
    if (document.hidden) return;
    tick += 1;
    for (const each of ticks) each();
  }, 1000);
  return () => {
    ticks.delete(listener);
    if (!ticks.size) {
      clearInterval(ticking);
      ticking = undefined;
    }
  };
};

/** Draws the component once a second. */
export const useTick = (): number => useSyncExternalStore(listenToTicks, () => tick);

/** The server's wall clock and the exchange's, told by the last heartbeat and run on since; drawn once a second. */
export function useClocks(): { server: number | undefined; exchange: number | undefined } {
  useTick();
  const link = useLink();
  return { server: connection.serverNow(), exchange: link.beat?.exchange_ms };
}
