// What of all sessions is asked for: the words of the address, as the API takes them.
import type { Values } from '../lib/api';
import { router } from '../lib/router.svelte';

export type Filters = Pick<Values<'/api/query/sessions'>, 'agent' | 'status' | 'project' | 'text' | 'failing' | 'since' | 'active'>;
export type Sort = 'newest' | 'cost' | 'duration' | 'events' | 'failures';

export const SINCE = { '': 'All time', '1d': 'Last day', '7d': 'Last 7 days', '30d': 'Last 30 days' } as const;
export const STATUSES = ['running', 'waiting', 'paused', 'completed', 'failed', 'interrupted'] as const;
export const LIVE: ReadonlySet<string> = new Set(['running', 'waiting', 'paused']);
export const SIGNS: Record<string, string> = { completed: '✓', failed: '✗', interrupted: '–', running: '●', waiting: '◐', paused: '❚❚' };
const SORTS: readonly string[] = ['cost', 'duration', 'events', 'failures'];

const flag = (value: string | null): boolean | null => (value === 'true' ? true : value === 'false' ? false : null);

export function filters(): Filters {
  const query = router.query;
  return {
    agent: query.get('agent'),
    status: query.get('status') as (typeof STATUSES)[number] | null,
    project: query.get('project'),
    text: query.get('text'),
    failing: flag(query.get('failing')),
    since: query.get('since'),
    active: flag(query.get('active')),
  };
}

export const sort = (): Sort => {
  const asked = router.query.get('sort') ?? '';
  return SORTS.includes(asked) ? (asked as Sort) : 'newest';
};

// What hides sessions; the window of time is no such choice.
export const isNarrowed = (asked: Filters): boolean => Object.entries(asked).some(([name, value]) => name !== 'since' && value !== null);
