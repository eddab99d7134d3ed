// One session as the page holds it: its row, its events in order of time, and where in it we are. Every pane reads the
// same `clock`.

import { get, list } from '../lib/api';
import type { Event, Session } from '../lib/rows';
import { Clock } from './clock.svelte';
import { laneOf, type Lane, LANES } from './lanes';

export interface Mark {
  event: Event;
  at: number; // ms since the session began
  lane: Lane;
  failed: boolean;
  turn: number; // 0: before the first prompt
}

export interface Turn {
  at: number; // ms since the session began
  index: number; // of its first event
}

const SHOWN = new Set(['prompt', 'reply', 'thinking', 'tool_call', 'command', 'file_op', 'error', 'warning', 'marker', 'gap', 'state', 'test_result']);

export class Recording {
  session = $state.raw<Session | null>(null);
  marks = $state.raw<Mark[]>([]);
  turns = $state.raw<Turn[]>([]);
  failures = $state.raw<number[]>([]); // indices of marks
  loading = $state(true);
  error = $state.raw<Error | null>(null);
  readonly clock = new Clock();

  #events = new Map<number, Event>();
  #stop = new AbortController();
  #start = 0;

  constructor(readonly name: string) {
    void this.#load();
  }

  close(): void {
    this.#stop.abort();
    this.clock.pause();
  }

  // The last mark at or before a moment; -1 before the first.
  indexAt(at: number): number {
    let [low, high] = [0, this.marks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.marks[middle] as Mark).at <= at) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  get count(): number {
    return this.marks.length;
  }

  // The moment of an event, in ms since the session began.
  timeOf(index: number): number {
    return this.marks[index]?.at ?? 0;
  }

  idOf(index: number): number {
    return this.marks[index]?.event.id ?? 0;
  }

  // The number of the turn it is in; 0 before the first.
  turnOf(index: number): number {
    return this.marks[index]?.turn ?? 0;
  }

  counts(): Map<Lane, number> {
    const found = new Map<Lane, number>(LANES.map((lane) => [lane.name, 0]));
    for (const mark of this.marks) {
      found.set(mark.lane, (found.get(mark.lane) ?? 0) + 1);
      if (mark.failed && mark.lane !== 'failures') found.set('failures', (found.get('failures') ?? 0) + 1);
    }
    return found;
  }

  // An event that came or changed while we look.
  hear(event: Event): void {
    if (event.session_id !== this.session?.id || !SHOWN.has(event.event_type)) return;
    const following = this.clock.at >= this.clock.end;
    this.#events.set(event.id, event);
    this.#arrange();
    if (following) this.clock.seek(this.clock.end);
  }

  // A better source told the same in other words.
  forget(event: number): void {
    if (this.#events.delete(event)) this.#arrange();
  }

  update(session: Session): void {
    this.session = session;
    this.#arrange();
  }

  async #load(): Promise<void> {
    try {
      const session = (await get('/api/query/session/{session}', { session: this.name }, this.#stop.signal)) as Session;
      this.session = session;
      this.#start = Date.parse(session.spawned_at);
      const found = list('/api/query/events', { session: session.id, limit: 1000 }, 'events', this.#stop.signal);
      for await (const page of found) {
        for (const event of page as Event[]) if (SHOWN.has(event.event_type)) this.#events.set(event.id, event);
        this.#arrange();
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) this.error = error as Error;
    } finally {
      this.loading = false;
    }
  }

  #arrange(): void {
    const marks: Mark[] = [];
    const steps = (this.session?.tool_calls ?? 0) > 0;
    for (const event of this.#events.values()) {
      if (steps && event.event_type === 'error') continue; // the step that printed it is there
      const at = event.timestamp ? Math.max(0, Date.parse(event.timestamp) - this.#start) : 0;
      marks.push({ event, at, lane: laneOf(event), failed: isFailed(event, steps), turn: 0 });
    }
    marks.sort((one, other) => one.at - other.at || one.event.seq - other.event.seq);
    const turns: Turn[] = [];
    marks.forEach((mark, index) => {
      if (mark.event.event_type === 'prompt') turns.push({ at: mark.at, index });
      mark.turn = turns.length;
    });
    this.marks = marks;
    this.turns = turns;
    this.failures = marks.flatMap((mark, index) => (mark.failed ? [index] : []));
    this.clock.span(
      Math.max(this.session?.duration_ms ?? 0, marks.at(-1)?.at ?? 0),
      marks.map((mark) => mark.at),
    );
  }
}

// A step that went wrong. What rules found in its output says the same again; in a recording without steps, like that
// of a terminal, it is all there is.
function isFailed(event: Event, steps: boolean): boolean {
  return event.status === 'error' || (event.exit_code ?? 0) !== 0 || (!steps && event.event_type === 'error');
}
