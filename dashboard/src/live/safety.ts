/** The safety word as the server says it; without a fresh heartbeat the browser itself says UNKNOWN. */
import type { Reason } from '../api/types';
import { useLink, useValue } from './hooks';

export type Word = 'OK' | 'ATTENTION' | 'DANGER' | 'UNKNOWN';

export type Safety = { word: Word; reasons: readonly Reason[] };

export function useSafety(): Safety {
  const link = useLink();
  const status = useValue('status', 'now');
  if (link.state !== 'live' || !status) return { word: 'UNKNOWN', reasons: status?.reasons ?? [] };
  return { word: status.status, reasons: status.reasons };
}
