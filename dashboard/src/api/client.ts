/** Requests to our own API, and nothing else. Errors are problem documents, whatever went wrong. */
import { key } from '../command/key';
import type { Answer, GetPath, PathOf, QueryOf } from './types';

const PATIENCE_MS = 15_000;

export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly instance: string,
    readonly retryAfter = 0,
    readonly errors: readonly Record<string, string>[] = [],
  ) {
    super(detail || title);
  }
}

type Given = Record<string, unknown>;

/** The address with its path and query filled in; what is null or undefined is left out. */
export function address(path: string, inPath: Given = {}, query: Given = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(inPath[name])));
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of (Array.isArray(value) ? value : [value]) as (string | number | boolean | null | undefined)[]) {
      if (one !== undefined && one !== null && one !== '') asked.append(name, String(one));
    }
  }
  const text = asked.toString();
  return text ? `${filled}?${text}` : filled;
}

/** Read. Raises Refusal. */
export const read = async <P extends GetPath>(
  path: P,
  given: { path?: PathOf<P>; query?: QueryOf<P> } = {},
  signal?: AbortSignal,
): Promise<Answer<P>> => (await request('GET', address(path, given.path as Given, given.query), undefined, signal)) as Answer<P>;

/** Send a command: the key goes along, in a header, and is asked for beforehand. Raises Refusal. */
export const command = async (method: 'POST' | 'DELETE' | 'PUT', path: string, body?: unknown): Promise<unknown> => request(method, path, body);

async function request(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET') {
    const held = key.held();
    if (held) headers['X-API-Key'] = held;
  }
  let answer: Response;
  try {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    answer = await fetch(path, {
      method, headers, body: body === undefined ? null : JSON.stringify(body), signal: signal ? AbortSignal.any([signal, patience]) : patience,
      credentials: 'same-origin', redirect: 'error',
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refusal(0, 'No answer', 'The server did not answer.', path);
  }
  const text = await answer.text();
  if (answer.ok) return text ? (JSON.parse(text) as unknown) : undefined;
  if (answer.status === 401) key.lock();
  throw refusal(answer, text, path);
}

function refusal(answer: Response, text: string, path: string): Refusal {
  const retryAfter = Number(answer.headers.get('Retry-After') ?? 0);
  try {
    const told = JSON.parse(text) as { title?: string; detail?: string; instance?: string; errors?: Record<string, string>[] };
    return new Refusal(answer.status, told.title ?? answer.statusText, told.detail ?? '', told.instance ?? path, retryAfter, told.errors ?? []);
  } catch {
    return new Refusal(answer.status, answer.statusText || `Error ${answer.status}`, '', path, retryAfter);
  }
}
