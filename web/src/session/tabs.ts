// The tabs of a session: other views of the same moment. A tab changes what is seen, never what is chosen or the time.
import type { Component } from 'svelte';

import type { Recording } from './recording.svelte';
import Watch from './Watch.svelte';

// What every tab is given: `chosen` and `choose` are about indices of the recording's events, in order of time; -1 is
// before the first. `recording.timeOf(index)` is its moment, `recording.clock` the clock that all follow.
export interface Given {
  recording: Recording;
  chosen: number;
  choose: (index: number) => void;
}

export interface Tab {
  name: string; // in the address: ?tab=name; the first is the one without
  title: string;
  count?: (recording: Recording) => number;
  load: () => Promise<{ default: Component<Given> }>;
}

const tab = (name: string, title: string, load: () => Promise<unknown>, count?: Tab['count']): Tab => ({
  name,
  title,
  load: load as Tab['load'],
  ...(count && { count }),
});

export const TABS: readonly Tab[] = [
  tab('watch', 'Watch', () => Promise.resolve({ default: Watch })),
  tab('terminal', 'Terminal', () => import('./Terminal.svelte')),
  tab('receipt', 'Receipt', () => import('./Receipt.svelte')),
];

export const tabNamed = (name: string | null): Tab => TABS.find((one) => one.name === name) ?? (TABS[0] as Tab);
