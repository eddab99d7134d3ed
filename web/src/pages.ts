// Every page: the addresses it answers, where it comes from on the first visit, its name in the bar if it has one, and
// the question of the API that it shows the answer of. Named groups of an address are what the page is given.
import type { Component } from 'svelte';

import { twin, type Question, type Values } from './lib/api';

type Given = Record<string, string>;

export interface Page {
  address: RegExp;
  load: () => Promise<{ default: Component<Given> }>;
  bar?: Place;
  twin?: (given: Given, query: URLSearchParams) => string;
}

// In the order of the bar. The key goes there after a g: the first letter of the name, unless it is taken.
interface Place {
  name: string;
  href: string;
  key: string;
}

type Load = () => Promise<unknown>;

function page(address: RegExp, load: Load, bar?: Omit<Place, 'key'> & Partial<Place>, asks?: Page['twin']): Page {
  return {
    address,
    load: load as Page['load'],
    ...(bar && { bar: { key: bar.name.charAt(0).toLowerCase(), ...bar } }),
    ...(asks && { twin: asks }),
  };
}

// The question that has the answers of a page: with the same parameters, those of its names that it knows.
function asks<P extends Question>(path: P, ...names: string[]): NonNullable<Page['twin']> {
  return (given, query) => {
    const known = names.map((name) => [name, query.get(name)]);
    return twin(path, { ...given, ...Object.fromEntries(known) } as Values<P>);
  };
}

// The same for pages of insights, which look 30 days back unless told otherwise.
function within<P extends Question>(path: P, ...names: string[]): NonNullable<Page['twin']> {
  return (given, query) => {
    const since = query.get('since') ?? '30d';
    const told = new URLSearchParams(query);
    if (since === 'all') told.delete('since');
    else told.set('since', since);
    return asks(path, 'agent', 'since', ...names)(given, told);
  };
}

const AUDIT: Record<string, Page['twin']> = {
  log: asks('/api/query/audit', 'agent', 'operation', 'status', 'execution', 'days'),
  receipts: asks('/api/query/receipts', 'agent', 'operation', 'status', 'same', 'days'),
  memory: asks('/api/query/memory'),
};

const SETTINGS: Record<string, Page['twin']> = {
  storage: asks('/api/query/storage', 'keep'),
  histories: asks('/api/query/histories'),
  agents: asks('/api/query/setup'),
  values: asks('/api/query/settings'),
};

export const PAGES: readonly Page[] = [
  page(
    /^\/(sessions)?$/,
    () => import('./pages/Sessions.svelte'),
    { name: 'Sessions', href: '/sessions' },
    asks('/api/query/sessions', 'agent', 'status', 'project', 'text', 'failing', 'since', 'active', 'sort'),
  ),
  page(/^\/sessions\/(?<session>[^/]+)$/, () => import('./pages/Session.svelte'), undefined, asks('/api/query/session/{session}')),
  page(
    /^\/live$/,
    () => import('./pages/Live.svelte'),
    { name: 'Live', href: '/live' },
    asks('/api/query/events', 'session'),
  ),
  page(
    /^\/search$/,
    () => import('./pages/Search.svelte'),
    { name: 'Search', href: '/search', key: 'f' },
    asks('/api/query/search', 'q', 'agent', 'type', 'session', 'since'),
  ),
  page(/^\/sessions\/(?<session>[^/]+)\/compare$/, () => import('./pages/Compare.svelte')),
  page(/^\/sessions\/(?<session>[^/]+)\/compare\/(?<other>[^/]+)$/, () => import('./pages/Compare.svelte')),
  page(/^\/insights$/, () => import('./pages/Insights.svelte'), { name: 'Insights', href: '/insights' }, within('/api/query/activity')),
  page(/^\/insights\/failures$/, () => import('./pages/Failures.svelte'), undefined, within('/api/query/failures')),
  page(
    /^\/insights\/failures\/(?<fingerprint>[^/]+)$/,
    () => import('./pages/Cluster.svelte'),
    undefined,
    within('/api/query/failures/{fingerprint}'),
  ),
  page(/^\/insights\/commands$/, () => import('./pages/Commands.svelte'), undefined, within('/api/query/commands', 'sort', 'by')),
  page(/^\/insights\/cost$/, () => import('./pages/Cost.svelte'), undefined, within('/api/query/cost', 'by')),
  page(/^\/insights\/files$/, () => import('./pages/FileMap.svelte'), undefined, within('/api/query/files/folders', 'path', 'changed')),
  page(/^\/insights\/extractions$/, () => import('./pages/Extractions.svelte'), undefined, within('/api/query/extractions', 'type', 'pattern', 'risk', 'session')),
  page(/^\/insights\/slo$/, () => import('./pages/Objectives.svelte'), undefined, asks('/api/query/slo/objectives', 'agent')),
  page(/^\/insights\/slo\/(?<objective>[^/]+)$/, () => import('./pages/Objective.svelte'), undefined, asks('/api/query/slo', 'agent')),
  page(
    /^\/workflows$/,
    () => import('./pages/Workflows.svelte'),
    { name: 'Workflows', href: '/workflows' },
    asks('/api/query/workflows', 'agent', 'status', 'opened_by', 'since'),
  ),
  page(
    /^\/workflows\/(?<workflow>[^/]+)$/,
    () => import('./pages/Workflow.svelte'),
    undefined,
    asks('/api/query/workflows/{workflow}/picture'),
  ),
  page(
    /^\/audit$/,
    () => import('./pages/Audit.svelte'),
    { name: 'Audit', href: '/audit' },
    (given, query) => AUDIT[query.get('view') ?? 'log']?.(given, query) ?? '/api/query/audit',
  ),
  page(
    /^\/settings(\/(?<part>[^/]+))?$/,
    () => import('./pages/Settings.svelte'),
    { name: 'Settings', href: '/settings', key: ',' },
    (given, query) => SETTINGS[given['part'] ?? 'storage']?.(given, query) ?? '/api/query/storage',
  ),
];

export function find(path: string): { page: Page; given: Record<string, string> } | undefined {
  for (const page of PAGES) {
    const groups = page.address.exec(path);
    if (!groups) continue;
    const named = Object.entries(groups.groups ?? {}).filter(([, value]) => value !== undefined);
    const given = named.map(([name, value]) => [name, plain(value)]);
    return { page, given: Object.fromEntries(given) as Record<string, string> };
  }
  return undefined;
}

// What a part of an address says; a % that begins no character is a %.
function plain(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

// Whether a page of the bar is where we are, or where we are is below it.
export function isWithin(path: string, href: string): boolean {
  return path === href || path.startsWith(`${href}/`) || (path === '/' && href === '/sessions');
}
