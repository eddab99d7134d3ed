// What all pages of insights are asked about: which agent, and how far back. Both stand in the address.
import { address } from '../lib/api';
import { router } from '../lib/router.svelte';

export const SINCE = { '1d': 'last day', '7d': 'last 7 days', '30d': 'last 30 days', '90d': 'last 90 days', '365d': 'last year', all: 'all time' } as const;
export type Since = keyof typeof SINCE;
export const USUAL: Since = '30d';

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

export interface Window {
  agent: string | null;
  since: string | null; // as the server takes it; null is all time
}

export function since(): Since {
  const asked = router.query.get('since') ?? USUAL;
  return asked in SINCE ? (asked as Since) : USUAL;
}

export function chosen(): Window {
  const back = since();
  return { agent: router.query.get('agent'), since: back === 'all' ? null : back };
}

// In words: every number says its window.
export function inWords(): string {
  const agent = router.query.get('agent');
  return SINCE[since()] + (agent ? `, ${agent}` : '');
}

// The first millisecond of the window; null is all time.
export function begin(now: number): number | null {
  const back = since();
  return back === 'all' ? null : now - Number.parseInt(back, 10) * 86_400_000;
}

// Another page about the same window.
export function link(path: string, more: Record<string, string | null> = {}): string {
  return address(path, { agent: router.query.get('agent'), since: router.query.get('since'), ...more });
}
