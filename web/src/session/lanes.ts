// Which lanes there are, what they look like, and what an event did in words.
import { firstLine } from '../lib/format';
import type { Event } from '../lib/rows';
import type { Columns } from './columns';

export type Lane = 'you' | 'agent' | 'commands' | 'files' | 'tools' | 'failures';

export const LANES: readonly { name: Lane; title: string; colour: string }[] = [
  { name: 'you', title: 'You', colour: '--you' },
  { name: 'agent', title: 'Agent', colour: '--talk' },
  { name: 'commands', title: 'Commands', colour: '--run' },
  { name: 'files', title: 'Files', colour: '--file' },
  { name: 'tools', title: 'Other tools', colour: '--other' },
  { name: 'failures', title: 'Failures', colour: '--failed' },
];

const VERBS: Record<string, string> = {
  prompt: 'you',
  reply: 'says',
  thinking: 'thinks',
  command: 'runs',
  tool_call: 'calls',
  test_result: 'tests',
  marker: 'note',
};

// What an event did, in one word.
export function verb(event: Pick<Event, 'event_type' | 'operation'>): string {
  if (event.event_type === 'file_op') return event.operation ?? 'file';
  return VERBS[event.event_type] ?? event.event_type;
}

// And with what, in one line.
export function words(event: Event): string {
  const text =
    event.command ??
    event.file_path ??
    (event.event_type === 'tool_call' ? event.tool_name : null) ??
    event.matched_value ??
    event.content ??
    event.original_line ??
    '';
  return firstLine(text);
}

// A message of a model that only called tools, or thought what nobody may read: no line says anything of it.
export function isWordless(event: Event): boolean {
  return ['reply', 'thinking'].includes(event.event_type) && event.content === null && event.status !== 'error';
}

export const verbOf = (columns: Columns, index: number): string =>
  verb({ event_type: columns.type(index), operation: columns.operation(index) });

// The colour of a line: red for a failure and nothing else.
export function colourOf(columns: Columns, index: number): string {
  return columns.failed(index) ? '--failed' : (LANES[columns.lane(index)]?.colour ?? '--talk');
}
