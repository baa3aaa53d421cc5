/** Keys of the whole application. Single keys are dead in inputs, can be switched off, and none executes a command. */
import { useEffect } from 'react';
import { useLocation } from 'wouter';
import { show } from '../command/store';
import { homeOf, pages } from '../pages';
import { choose, settings } from '../text/settings';

const PATIENCE_MS = 1_500;

/** When `g` was pressed; outside the component, so that drawing again between two keys loses nothing. */
let jumping = -PATIENCE_MS;

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

const inDialog = (): boolean => document.querySelector('dialog[open]') !== null;

/** Whether a key press is one of the single ones, meant for the page and not for a field. */
export const isSingle = (event: KeyboardEvent): boolean =>
  settings().singleKeys && !event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target) && !inDialog();

/** `keys[key]` is called for a single key while the component is shown. */
export function useKeys(keys: Record<string, () => void>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const run = keys[event.key];
      if (!run || !isSingle(event) || event.defaultPrevented) return;
      event.preventDefault();
      run();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  });
}

export function useShortcuts(): void {
  const [, navigate] = useLocation();
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        show({ kind: 'palette' });
        return;
      }
      if (!isSingle(event)) return;
      if (performance.now() - jumping < PATIENCE_MS) {
        jumping = -PATIENCE_MS;
        const page = pages.find((one) => one.key === event.key);
        if (page) {
          event.preventDefault();
          event.stopImmediatePropagation();
          navigate(homeOf(page));
        }
      } else if (event.key === 'g') jumping = performance.now();
      else if (event.key === '?') show({ kind: 'keys' });
      else if (event.key === 'u') choose({ utc: !settings().utc });
    };
    window.addEventListener('keydown', press, { capture: true });
    return () => window.removeEventListener('keydown', press, { capture: true });
  }, [navigate]);
}
