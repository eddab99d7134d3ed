// The tabs of a session: other views of the same moment. A tab changes what is seen, never what is chosen or the time.
import type { Component } from 'svelte';

import Changes from './Changes.svelte';
import Commands from './Commands.svelte';
import Cost from './Cost.svelte';
import Failures from './Failures.svelte';
import Files from './Files.svelte';
import Raw from './Raw.svelte';
import Receipt from './Receipt.svelte';
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

// Small ones come with the page: a request each would cost more than they weigh.
const here = (view: Component<Given>) => () => Promise.resolve({ default: view });

// What a tab counts is told once all of the session is there.
const once = (count: (recording: Recording) => number) => (recording: Recording) => (void recording.version, recording.whole ? count(recording) : 0);

export const TABS: readonly Tab[] = [
  tab('watch', 'Watch', here(Watch)),
  tab('terminal', 'Terminal', () => import('./Terminal.svelte')),
  tab('files', 'Files', here(Files), once(({ columns }) => columns.tally.files)),
  tab('commands', 'Commands', here(Commands), once(({ columns }) => columns.tally.commands)),
  tab('failures', 'Failures', here(Failures), (recording) => recording.failures.length),
  tab('changes', 'Changes', here(Changes), once(({ columns }) => columns.tally.changes)),
  tab('cost', 'Cost', here(Cost)),
  tab('receipt', 'Receipt', here(Receipt)),
  tab('raw', 'Raw', here(Raw)),
];

export const tabNamed = (name: string | null): Tab => TABS.find((one) => one.name === name) ?? (TABS[0] as Tab);
