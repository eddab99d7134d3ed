// The texts of a session's events, read as far as they are looked at, a page around what is in sight.
import { get, list } from '../lib/api';
import type { Event } from '../lib/rows';
import { live } from '../lib/source';
import type { Columns } from './columns';

const PAGE = 64; // events that are asked for at once, at least
const KEPT = 6000; // events; what was looked at first goes first

export class Rows {
  loaded = $state(0); // another number whenever something came

  #known = new Map<number, Event>();
  #asked = new Set<number>();
  #asking: AbortController | undefined;
  #most = KEPT;
  #whole: Promise<void> | undefined;

  constructor(readonly session: () => string) {}

  get(id: number): Event | undefined {
    void this.loaded;
    return this.#known.get(id);
  }

  keep(events: readonly Event[]): void {
    for (const event of events) this.#known.set(event.id, event);
    for (const id of this.#known.keys()) {
      if (this.#known.size <= this.#most) break;
      this.#known.delete(id);
    }
    this.loaded += 1;
  }

  // What stands between two places of the columns is about to be looked at.
  want(columns: Columns, from: number, to: number): void {
    const first = Math.max(0, Math.floor(from / PAGE) * PAGE);
    const last = Math.min(columns.count, Math.ceil(to / PAGE) * PAGE);
    this.wantAll(Array.from(columns.id.subarray(first, last)));
  }

  wantAll(ids: readonly number[]): void {
    if (!live) return void (this.#whole ??= this.#all());
    const missing = ids.filter((id) => !this.#known.has(id)).slice(0, 400);
    if (!missing.length || missing.every((id) => this.#asked.has(id))) return;
    this.#asking?.abort(); // what is out of sight by now
    const asking = (this.#asking = new AbortController());
    this.#asked = new Set(missing);
    const session = this.session();
    get('/api/query/events', { session, ids: missing.join(','), limit: 1000 }, asking.signal)
      .then(({ events }) => this.keep(events as Event[]))
      .catch(() => undefined)
      .finally(() => {
        if (this.#asking === asking) this.#asked = new Set();
      });
  }

  // An exported page has them all, and in no other order.
  async #all(): Promise<void> {
    this.#most = Infinity;
    for await (const events of list('/api/query/events', { session: this.session(), limit: 1000 }, 'events')) {
      this.keep(events as Event[]);
    }
  }
}
