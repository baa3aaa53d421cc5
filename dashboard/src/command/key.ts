/** The key for commands: in memory only, for five minutes, locked when the page was hidden for as long.
 *
 * Law: it never reaches storage, an address or a log.
 */
import { useSyncExternalStore } from 'react';

const HELD_MS = 5 * 60_000;

class Key {
  private secret = '';
  private until = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private hidden: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();

  constructor() {
    if (typeof document === 'undefined') return;
    document.addEventListener('visibilitychange', () => {
      clearTimeout(this.hidden);
      if (document.hidden) this.hidden = setTimeout(() => this.lock(), HELD_MS);
    });
  }

  /** The key while it is unlocked, else ''. */
  held(): string {
    return performance.now() < this.until ? this.secret : '';
  }

  /** `performance.now()` until which it is held; 0 while locked. */
  heldUntil(): number {
    return this.until;
  }

  unlock(secret: string): void {
    clearTimeout(this.timer);
    this.secret = secret;
    this.until = performance.now() + HELD_MS;
    this.timer = setTimeout(() => this.lock(), HELD_MS);
    this.tell();
  }

  lock(): void {
    clearTimeout(this.timer);
    this.secret = '';
    this.until = 0;
    this.tell();
  }

  listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

export const key = new Key();

/** Until when the key is held (`performance.now()`); 0 while it is locked. */
export const useKey = (): number => useSyncExternalStore(key.listen, () => key.heldUntil());
