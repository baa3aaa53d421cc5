/** Something that needs the key but no dialog of its own: done at once while the key is held, else once it was given. */
import { useEffect, useRef } from 'react';
import { key, useKey } from './key';
import { show, useOpen } from './store';

export function useWithKey(): (deed: () => void) => void {
  const held = useKey() > 0;
  const open = useOpen();
  const waiting = useRef<(() => void) | undefined>(undefined);
  useEffect(() => {
    const deed = waiting.current;
    if (!deed || (open && !held)) return;
    waiting.current = undefined; // the dialog was closed without a key: forgotten
    if (held) deed();
  }, [held, open]);
  return (deed) => {
    if (key.held()) { deed(); return; }
    waiting.current = deed;
    show({ kind: 'key' });
  };
}
