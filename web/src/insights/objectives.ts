// Objectives in words: what is promised, in the units of what is measured.
import { money, took } from '../lib/format';
import type { Objective } from './rows';

const MEANS: Record<string, string> = {
  'session.duration_ms': 'how long a session took',
  'session.cost_usd': 'what a session cost',
  'command.duration_ms': 'how long a command took',
  'tool_call.duration_ms': 'how long a tool call took',
  'stage.duration_ms': 'how long a stage took',
  'tests.failed': 'failed tests at the end of a session',
  'errors.count': 'errors in a session',
};

export function inUnits(metric: string | null, value: number): string {
  if (metric?.endsWith('_ms')) return took(value) || '0';
  if (metric?.endsWith('_usd')) return money(value);
  return String(Math.round(value * 100) / 100);
}

// 95 % of: how long a command took (category test) ≤ 5.0 s, over 30d.
export function rule(one: Objective): string {
  if (!one.metric || one.target === null) return '';
  const scope = Object.entries(one.scope ?? {}).map(([name, value]) => `${name} ${value}`);
  const share = one.percentile === 100 || one.percentile === null ? '' : `${one.percentile} % of: `;
  return `${share}${MEANS[one.metric] ?? one.metric}${scope.length ? ` (${scope.join(', ')})` : ''} ≤ ${inUnits(one.metric, one.target)}, over ${one.window ?? ''}`;
}

// How much of the misses that are allowed is left, from 0 to 1.
export function left(state: NonNullable<Objective['state']>): number {
  if (state.allowed <= 0) return state.used ? 0 : 1;
  return Math.max(0, Math.min(1, state.left / state.allowed));
}
