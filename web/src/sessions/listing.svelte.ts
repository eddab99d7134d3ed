// The sessions that fit, as far as they were looked at: those that run now, and pages of the others. What happens now
// changes the rows it is about; nothing else moves.
import { get, type Answer, type Failure } from '../lib/api';
import { deleted, listen } from '../lib/live';
import type { Session } from '../lib/rows';
import { LIVE, type Filters, type Sort } from './asked';

const STEP = 100;
const MOST_RUNNING = 200;
const REST = 500; // ms between two looks while things happen, and no less than four times what the last one took

export class Listing {
  running = $state.raw<Session[]>([]);
  others = $state.raw<Session[]>([]);
  facets = $state.raw<Answer<'/api/query/sessions/facets'> | null>(null);
  shapes = $state.raw<Record<string, number[]>>({}); // about how much happened in equal parts of a session's time
  more = $state(false);
  loading = $state(true);
  error = $state.raw<Failure | null>(null);
  now = $state(Date.now());

  #next: string | null = null;
  #stop = new AbortController();
  #filters: Filters | null = null;
  #sort: Sort = 'newest';
  #looking: Promise<void> | undefined;

  // Another question; what is shown stays until its answer is there.
  ask(filters: Filters, sort: Sort): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#filters = filters;
    this.#sort = sort;
    this.loading = true;
    void this.#look(this.#stop.signal, true);
  }

  // The next page, where there is one.
  async onward(): Promise<void> {
    if (this.loading || !this.#next) return;
    this.loading = true;
    const signal = this.#stop.signal;
    try {
      const page = await get('/api/query/sessions', { ...this.#rest(), cursor: this.#next }, signal);
      this.shapes = { ...this.shapes, ...page.shapes };
      this.#take(this.others, page.sessions as Session[], page.next_cursor);
    } catch (error) {
      if (!signal.aborted) this.error = error as Failure;
    } finally {
      if (!signal.aborted) this.loading = false;
    }
  }

  // Until the returned function is called. What happens while nobody sees the page is looked at when somebody does.
  follow(): () => void {
    let waiting: ReturnType<typeof setTimeout> | undefined;
    let rest = REST;
    let missed = false;
    const look = async (): Promise<void> => {
      const begun = performance.now();
      await (this.#looking ??= this.#look(this.#stop.signal, false).finally(() => (this.#looking = undefined)));
      rest = Math.max(REST, 4 * (performance.now() - begun));
      waiting = undefined;
    };
    const soon = (): void => {
      missed = document.hidden;
      if (!missed) waiting ??= setTimeout(look, rest);
    };
    const seen = (): void => void (missed && soon());
    const leave = listen((message) => {
      const gone = deleted(message);
      if (gone) this.others = this.others.filter((one) => one.id !== gone);
      if (message.type !== 'heartbeat') soon();
    });
    const clock = setInterval(() => (this.now = Date.now()), 20_000);
    document.addEventListener('visibilitychange', seen);
    return () => {
      leave();
      document.removeEventListener('visibilitychange', seen);
      clearTimeout(waiting);
      clearInterval(clock);
      this.#stop.abort();
    };
  }

  // Those on top are asked for by themselves, however long ago they began; a list by cost has no top.
  async #look(signal: AbortSignal, anew: boolean): Promise<void> {
    const asked = this.#filters;
    if (!asked) return;
    const apart = this.#sort === 'newest' && asked.active !== false;
    try {
      const [running, page, facets] = await Promise.all([
        apart ? get('/api/query/sessions', { ...asked, active: true, shapes: true, limit: MOST_RUNNING }, signal) : null,
        asked.active === true && apart ? null : get('/api/query/sessions', this.#rest(), signal),
        get('/api/query/sessions/facets', asked, signal),
      ]);
      this.running = (running?.sessions ?? []) as Session[];
      this.facets = facets;
      this.shapes = { ...(anew ? {} : this.shapes), ...running?.shapes, ...page?.shapes };
      this.now = Date.now();
      this.error = null;
      const first = (page?.sessions ?? []) as Session[];
      if (anew || this.others.length <= STEP) this.#take([], first, page?.next_cursor ?? null);
      else this.others = merged(first, this.others, this.#sort);
    } catch (error) {
      if (!signal.aborted) this.error = error as Failure;
    } finally {
      if (anew && !signal.aborted) this.loading = false;
    }
  }

  #rest(): Filters & { sort: Sort; shapes: boolean; limit: number } {
    const apart = this.#sort === 'newest' && this.#filters?.active === null;
    return { ...(this.#filters as Filters), ...(apart && { active: false }), sort: this.#sort, shapes: true, limit: STEP };
  }

  #take(before: Session[], rows: Session[], next: string | null): void {
    const known = new Set(before.map((one) => one.id));
    this.others = [...before, ...rows.filter((one) => !known.has(one.id))];
    this.#next = next;
    this.more = next !== null;
  }
}

// A new first page over what was loaded: newer rows before it, changed ones where they stand.
function merged(first: Session[], before: Session[], sort: Sort): Session[] {
  const fresh = new Map(first.map((one) => [one.id, one]));
  const known = new Set(before.map((one) => one.id));
  const begun = sort === 'newest' ? first.filter((one) => !known.has(one.id) && !LIVE.has(one.status)) : [];
  return [...begun, ...before.map((one) => fresh.get(one.id) ?? one)];
}
