/** The alarm of a position without its stop: it counts its seconds on from what the server told last. */
import { useEffect, useRef, useState } from 'react';
import { useLive } from '../live/hooks';
import { Badge } from './parts';

const STEP_MS = 100;

export function NoStop({ ms }: { ms: number }) {
  const live = useLive();
  const [since, setSince] = useState(0);
  const told = useRef(0);
  useEffect(() => {
    told.current = performance.now();
    if (!live) return; // nobody knows what became of it
    const timer = setInterval(() => !document.hidden && setSince(performance.now() - told.current), STEP_MS);
    return () => {
      clearInterval(timer);
      setSince(0);
    };
  }, [ms, live]);
  return <Badge tone="danger" icon="cross">NO STOP {((ms + since) / 1000).toFixed(1)} s</Badge>;
}
