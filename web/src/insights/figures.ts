// Sums that several pages show.
import type { Day } from './rows';

export interface Sums {
  sessions: number;
  failed_sessions: number;
  prompts: number;
  tool_calls: number;
  tool_errors: number;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number | null;
  active: number; // days on which anything happened
}

export function sums(days: readonly Day[]): Sums {
  const add = (name: 'sessions' | 'failed_sessions' | 'prompts' | 'tool_calls' | 'tool_errors' | 'input_tokens' | 'output_tokens') =>
    days.reduce((sum, day) => sum + day[name], 0);
  const priced = days.filter((day) => day.cost_usd !== null);
  return {
    sessions: add('sessions'),
    failed_sessions: add('failed_sessions'),
    prompts: add('prompts'),
    tool_calls: add('tool_calls'),
    tool_errors: add('tool_errors'),
    input_tokens: add('input_tokens'),
    output_tokens: add('output_tokens'),
    cost_usd: priced.length ? priced.reduce((sum, day) => sum + (day.cost_usd ?? 0), 0) : null,
    active: new Set(days.map((day) => day.day)).size,
  };
}
