// Which lane an event belongs to, and what a lane looks like.

import type { Event } from '../lib/rows';

export type Lane = 'you' | 'agent' | 'commands' | 'files' | 'tools' | 'failures';

export const LANES: readonly { name: Lane; title: string; colour: string }[] = [
  { name: 'you', title: 'You', colour: '--you' },
  { name: 'agent', title: 'Agent', colour: '--talk' },
  { name: 'commands', title: 'Commands', colour: '--run' },
  { name: 'files', title: 'Files', colour: '--file' },
  { name: 'tools', title: 'Other tools', colour: '--other' },
  { name: 'failures', title: 'Failures', colour: '--failed' },
];

export function laneOf(event: Event): Lane {
  switch (event.event_type) {
    case 'prompt':
      return 'you';
    case 'command':
      return 'commands';
    case 'file_op':
      return 'files';
    case 'tool_call':
      return 'tools';
    case 'error':
      return 'failures';
    default:
      return 'agent';
  }
}

// What an event did, in one word.
export function verb(event: Event): string {
  switch (event.event_type) {
    case 'prompt':
      return 'you';
    case 'reply':
      return 'says';
    case 'thinking':
      return 'thinks';
    case 'command':
      return 'runs';
    case 'file_op':
      return event.operation ?? 'file';
    case 'tool_call':
      return 'calls';
    case 'test_result':
      return 'tests';
    default:
      return event.event_type;
  }
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
  return text.trimStart().split('\n', 1)[0]?.slice(0, 300) ?? '';
}
