/** What is heavy is loaded when it comes into view; its place is kept meanwhile. */
import { Suspense, useEffect, useRef, useState, type ReactNode } from 'react';
import { Skeleton } from '../components/parts';

export function Late({ height, children }: { height: number | string; children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (!place.current || seen) return;
    const watcher = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && setSeen(true), { rootMargin: '100px' });
    watcher.observe(place.current);
    return () => watcher.disconnect();
  }, [seen]);
  return <div ref={place} style={{ minHeight: height }}>{seen && <Suspense fallback={<Skeleton lines={6} />}>{children}</Suspense>}</div>;
}
