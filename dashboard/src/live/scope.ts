/** Which money is looked at: the one choice that is part of every address. Live, paper and demo are never added up. */
import { useLocation, useSearch } from 'wouter';
import { useTopic, useValue } from './hooks';

export type Scope = 'live' | 'paper';

/** The chosen scope; where none is, the exchange's when it is traded, else paper. */
export function useScope(): { scope: Scope; scopes: readonly Scope[]; choose: (scope: Scope) => void } {
  const asked = new URLSearchParams(useSearch()).get('scope');
  const [path, navigate] = useLocation();
  const known = useTopic('equity');
  const mode = useValue('status', 'now')?.mode;
  const scopes: Scope[] = [];
  for (const one of ['live', 'paper'] as const) if (known?.has(one)) scopes.push(one);
  const first: Scope = scopes[0] ?? (mode === 'paper' ? 'paper' : 'live');
  const scope = (asked === 'live' || asked === 'paper') && (!scopes.length || scopes.includes(asked)) ? asked : first;
  const choose = (next: Scope) => {
    const query = new URLSearchParams(location.search);
    query.set('scope', next);
    navigate(`${path}?${query.toString()}`, { replace: true });
  };
  return { scope, scopes, choose };
}
