import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import type { Refusal } from '../api/client';
import { combosOf, type Combos } from './combos';

/** All combinations of a run with some figures; never changes, so it is fetched once. */
export const useCombos = (fingerprint: string, figures: readonly string[], window: number | null): UseQueryResult<Combos, Refusal> =>
  useQuery<Combos, Refusal>({
    queryKey: ['combos', fingerprint, figures, window],
    queryFn: ({ signal }) => combosOf(fingerprint, figures, window, signal),
    staleTime: Infinity, structuralSharing: false, retry: 1,
  });
