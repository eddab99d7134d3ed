// The events of a session as columns of numbers: what is drawn, counted and searched of a hundred thousand of them. Their
// texts are elsewhere (rows.svelte.ts), read as far as they are looked at.
import type { Event, Row } from '../lib/rows';
import { howMany } from '../lib/sorted';
import { isWordless } from './lanes';
import { Tally } from './tally';

export type Kind = Row<'Kind'>;
export type Told = Row<'Timeline'>;
export type ToldTurn = Row<'DrawnTurn'>;

export const FAILED = 2; // among the statuses
const LANE_OF: Record<string, number> = { prompt: 0, command: 2, file_op: 3, tool_call: 4, error: 5 };
const STATUS: Record<string, number> = { ok: 1, error: FAILED, rejected: 3, interrupted: 4 };

export class Columns {
  count = 0;
  id = new Float64Array(0);
  at = new Float64Array(0); // ms since the session began, ascending
  duration = new Float64Array(0); // ms
  kind = new Uint16Array(0);
  label = new Uint32Array(0);
  status = new Uint8Array(0);
  kinds: Kind[] = [];
  labels: string[] = [];
  readonly tally = new Tally();

  #newest = 0; // the highest number
  #kindOf = new Map<string, number>();
  #labelOf = new Map<string, number>();

  static of(told: Told): Columns {
    const made = new Columns();
    const { id, at, duration, kind, label, status } = told.columns;
    made.#grow(id.length);
    made.count = id.length;
    let [number, time] = [0, 0];
    for (let n = 0; n < id.length; n++) {
      made.id[n] = number += id[n] as number;
      made.#newest = Math.max(made.#newest, number);
      made.at[n] = time += at[n] as number;
    }
    made.duration.set(duration);
    made.kind.set(kind);
    made.label.set(label);
    made.status.set(status);
    made.kinds = told.kinds;
    made.labels = told.labels;
    told.kinds.forEach((one, n) => made.#kindOf.set(`${one.event_type} ${one.operation ?? ''}`, n));
    told.labels.forEach((one, n) => made.#labelOf.set(one, n));
    for (let n = 0; n < made.count; n++) made.tally.count(made, n, 1);
    made.tally.tell();
    return made;
  }

  lane(index: number): number {
    return this.kinds[this.kind[index] as number]?.lane ?? 1;
  }

  type(index: number): string {
    return this.kinds[this.kind[index] as number]?.event_type ?? '';
  }

  operation(index: number): string | null {
    return this.kinds[this.kind[index] as number]?.operation ?? null;
  }

  labelOf(index: number): string {
    return this.labels[this.label[index] as number] ?? '';
  }

  failed(index: number): boolean {
    return this.status[index] === FAILED;
  }

  // The last event at or before a moment; -1 before the first.
  reached(at: number): number {
    return howMany(this.count, (n) => (this.at[n] as number) <= at) - 1;
  }

  // An event by its number; looked for from the newest on, which is where numbers change.
  find(id: number): number {
    if (id > this.#newest) return -1;
    return this.id.subarray(0, this.count).lastIndexOf(id);
  }

  // One that came last; false when it belongs further up, or is none that is drawn.
  push(event: Event, at: number, steps: boolean): boolean {
    if (this.count && at < (this.at[this.count - 1] as number)) return false;
    if (this.count === this.id.length) this.#grow(Math.max(64, this.count * 2));
    this.#set(this.count, event, at, steps);
    this.tally.count(this, this.count++, 1);
    return true;
  }

  // One that is known, told better.
  change(index: number, event: Event, steps: boolean): void {
    this.tally.count(this, index, -1);
    this.#set(index, event, this.at[index] as number, steps);
    this.tally.count(this, index, 1);
  }

  #set(index: number, event: Event, at: number, steps: boolean): void {
    this.id[index] = event.id;
    this.#newest = Math.max(this.#newest, event.id);
    this.at[index] = at;
    this.duration[index] = event.duration_ms ?? 0;
    this.kind[index] = this.#number(this.#kindOf, `${event.event_type} ${event.operation ?? ''}`, () => {
      const lane = LANE_OF[event.event_type] ?? 1;
      return this.kinds.push({ event_type: event.event_type, operation: event.operation, lane }) - 1;
    });
    const label = short(event);
    this.label[index] = this.#number(this.#labelOf, label, () => this.labels.push(label) - 1);
    this.status[index] = isFailed(event, steps) ? FAILED : event.status ? (STATUS[event.status] ?? 5) : 0;
  }

  #number(known: Map<string, number>, key: string, add: () => number): number {
    let found = known.get(key);
    if (found === undefined) known.set(key, (found = add()));
    return found;
  }

  #grow(room: number): void {
    const grown = <T extends { set(from: T): void }>(column: T, made: T): T => (made.set(column), made);
    this.id = grown(this.id, new Float64Array(room));
    this.at = grown(this.at, new Float64Array(room));
    this.duration = grown(this.duration, new Float64Array(room));
    this.kind = grown(this.kind, new Uint16Array(room));
    this.label = grown(this.label, new Uint32Array(room));
    this.status = grown(this.status, new Uint8Array(room));
  }
}

// A step that went wrong; in a recording without steps, like that of a terminal, what a rule found is all there is.
export function isFailed(event: Event, steps: boolean): boolean {
  const refused = event.status === 'rejected' || event.status === 'interrupted';
  const found = event.event_type === 'error' && !(steps && event.pattern);
  return event.status === 'error' || ((event.exit_code ?? 0) !== 0 && !refused) || found;
}

const STEPS = new Set(['prompt', 'reply', 'thinking', 'tool_call', 'command', 'file_op', 'error', 'marker', 'gap', 'state']);
const FOUND = new Set(['error', 'warning', 'test_result']);

// Whether an event has a line of its own.
export function isDrawn(event: Event, steps: boolean): boolean {
  if (event.pattern) return !steps && FOUND.has(event.event_type);
  return STEPS.has(event.event_type) && !isWordless(event) && !(event.event_type === 'command' && event.source === 'wrapper');
}

function short(event: Event): string {
  if (event.event_type === 'command') return event.command?.trim().split(/\s+/).slice(0, 2).join(' ') ?? '';
  return event.pattern ?? event.file_path ?? event.tool_name ?? '';
}
