/** Reading over REST with a cache: same address, same answer, one request. */
import { QueryClient, keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { Refusal, read } from './client';
import type { Answer, GetPath, PathOf, QueryOf } from './types';

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      gcTime: 5 * 60_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 2 && error instanceof Refusal && (error.status === 0 || error.status === 503),
      retryDelay: (failures) => 500 * 2 ** failures,
    },
  },
});

export type Given<P extends GetPath> = {
  path?: PathOf<P>;
  query?: QueryOf<P>;
  /** Ask again so often; never while hidden. */
  everyMs?: number;
  /** Never changes: keep it. */
  immutable?: boolean;
  /** Show the answer before while another one comes. */
  keep?: boolean;
  enabled?: boolean;
};

/** What `path` answers; asked again when path or query change. */
export function useGet<P extends GetPath>(path: P, given: Given<P> = {}): UseQueryResult<Answer<P>, Refusal> {
  return useQuery<Answer<P>, Refusal>({
    queryKey: [path, given.path ?? null, given.query ?? null],
    queryFn: ({ signal }) => read(path, { ...(given.path && { path: given.path }), ...(given.query && { query: given.query }) }, signal),
    enabled: given.enabled ?? true,
    ...(given.immutable && { staleTime: Infinity }),
    ...(given.everyMs && { refetchInterval: given.everyMs }),
    ...(given.keep && { placeholderData: keepPreviousData }),
  });
}

/** Forget what was read under a path, so that it is read again where it is shown. */
export const forget = (path: GetPath): Promise<void> => queries.invalidateQueries({ queryKey: [path] });
