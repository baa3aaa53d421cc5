/** Pages, found by themselves: every `pages/NAME/page.ts`. */
import type { Page } from './page';

const found = import.meta.glob<{ default: Page }>('./pages/*/page.ts', { eager: true });

export const pages: readonly Page[] = Object.values(found)
  .map((module) => module.default)
  .sort((a, b) => a.order - b.order);

export { homeOf, type Group, type Page } from './page';
