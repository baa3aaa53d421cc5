/** English and French. A page keeps its words in a `texts.ts`, each as a pair, so that none can lack one language. */
import { useSettings } from './settings';

export type Language = 'en' | 'fr';
export type Pair = readonly [english: string, french: string];
export type Texts = Record<string, Pair>;
export type Spoken<T extends Texts> = { readonly [K in keyof T]: string };

/** Words of both languages; keeps the keys' names for the type checker. */
export const texts = <T extends Texts>(all: T): T => all;

const spoken = new WeakMap<Texts, Record<Language, Record<string, string>>>();

/** The words in one language. */
export function speak<T extends Texts>(all: T, language: Language): Spoken<T> {
  let found = spoken.get(all);
  if (!found) {
    const of = (at: 0 | 1) => Object.fromEntries(Object.entries(all).map(([key, pair]) => [key, pair[at]]));
    found = { en: of(0), fr: of(1) };
    spoken.set(all, found);
  }
  return found[language] as Spoken<T>;
}

/** The words in the user's language. */
export const useTexts = <T extends Texts>(all: T): Spoken<T> => speak(all, useSettings().language);

/** `{name}` in a sentence replaced. */
export const fill = (sentence: string, values: Record<string, string | number>): string =>
  sentence.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
