// Every page: the addresses it answers, its name in the bar if it has one, and where it comes from on the first visit.
// Named groups of an address are what the page is given.
import type { Component } from 'svelte';

export interface Page {
  address: RegExp;
  bar?: { name: string; href: string };
  load: () => Promise<{ default: Component<Record<string, string>> }>;
}

const page = (address: RegExp, load: () => Promise<unknown>, bar?: Page['bar']): Page => ({
  address,
  load: load as Page['load'],
  ...(bar && { bar }),
});

export const PAGES: readonly Page[] = [
  page(/^\/(sessions)?$/, () => import('./pages/Sessions.svelte'), { name: 'Sessions', href: '/sessions' }),
  page(/^\/sessions\/(?<name>[^/]+)$/, () => import('./pages/Session.svelte')),
  page(/^\/search$/, () => import('./pages/Search.svelte'), { name: 'Search', href: '/search' }),
];

export function find(path: string): { page: Page; given: Record<string, string> } | undefined {
  for (const page of PAGES) {
    const groups = page.address.exec(path);
    if (!groups) continue;
    const given = Object.entries(groups.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
    return { page, given: Object.fromEntries(given) as Record<string, string> };
  }
  return undefined;
}

// Whether a page of the bar is where we are, or where we are is below it.
export function isWithin(path: string, href: string): boolean {
  return path === href || path.startsWith(`${href}/`) || (path === '/' && href === '/sessions');
}
