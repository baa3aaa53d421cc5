/** Short names of what the API answers. */
import type { components, paths } from './schema';

export type Schemas = components['schemas'];
export type Now = Schemas['Now'];
export type Health = Schemas['Health'];
export type Status = Schemas['Status'];
export type Reason = Schemas['Reason'];
export type Position = Schemas['Position'];
export type Order = Schemas['Order'];
export type Runner = Schemas['Runner'];
export type Fill = Schemas['Fill'];
export type Trade = Schemas['Trade'];
export type Event = Schemas['Event'];
export type EquityNow = Schemas['EquityNow'];
export type Upcoming = Schemas['Upcoming'];
export type Quote = Schemas['Quote'];
export type Rules = Schemas['Rules'];
export type Spark = Schemas['Spark'];
export type Conditions = Schemas['Conditions'];
export type Problem = Schemas['Problem'];

type Gets = { [P in keyof paths]: paths[P] extends { get: { responses: { 200: { content: { 'application/json': infer R } } } } } ? R : never };

/** Addresses that can be read. */
export type GetPath = { [P in keyof Gets]: Gets[P] extends never ? never : P }[keyof Gets];

/** What an address answers. */
export type Answer<P extends GetPath> = Gets[P];

type Parameters<P extends GetPath> = paths[P] extends { get: { parameters: infer Q } } ? Q : never;

/** Of its query. */
export type QueryOf<P extends GetPath> = Parameters<P> extends { query?: infer Q } ? NonNullable<Q> : Record<string, never>;

/** Of its path. */
export type PathOf<P extends GetPath> = Parameters<P> extends { path: infer Q } ? Q : Record<string, never>;
