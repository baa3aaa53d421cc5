/** Every term that the interface explains; the file beside it is their one source. */
import file from './terms.json';

export type TermKey = keyof typeof file;

type Sentence = readonly [name: string, meaning: string];

export const TERMS = file as unknown as Record<TermKey, { en: Sentence; fr: Sentence }>;

export const termKeys = Object.keys(TERMS) as TermKey[];
