/** What a page is: every `pages/NAME/page.ts` exports one. */
import { lazy, type ComponentType } from 'react';
import { orRenewed } from './renew';
import type { Pair } from './text/language';

export type Group = 'watch' | 'review' | 'research' | 'house';

export type Page = {
  /** Its folder. */
  id: string;
  group: Group;
  /** Place within the whole menu, ascending. */
  order: number;
  /** Addresses that lead here, wouter's patterns; the first is where the menu goes. */
  paths: readonly string[];
  /** Where the menu goes when it is not the first path. */
  home?: string;
  /** After `g`. */
  key: string;
  title: Pair;
  icon: string;
  /** Shown in the phone's bottom bar. */
  phone?: boolean;
  View: ComponentType;
};

type Described = Omit<Page, 'View'> & { load: () => Promise<{ default: ComponentType }> };

/** What a `page.ts` exports; `load` is called when the page is opened first. */
export const definePage = ({ load, ...page }: Described): Page => ({ ...page, View: lazy(() => orRenewed(load())) });

/** Where the menu leads. */
export const homeOf = (page: Page): string => page.home ?? page.paths[0] ?? '/';
