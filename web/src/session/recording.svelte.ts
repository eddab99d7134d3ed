// One session as the page holds it: its row, its events in order of time, and where in it we are. Every pane reads the
// same `clock`. An event is told by its index: its place in time.
import { Failure, get } from '../lib/api';
import { paced } from '../lib/paced';
import type { Event, Session } from '../lib/rows';
import { howMany } from '../lib/sorted';
import { live } from '../lib/source';
import { Clock } from './clock.svelte';
import { Columns, isDrawn } from './columns';
import { Rows } from './rows.svelte';
import { countTurns, recounted, turnsOf, wentWrong, type Turn } from './turns';

const COUNTED = 5000; // ms until what its row counts is asked for again, while events come
const UNSEEN = 5000; // events that come while nobody looks; with more the session is asked for anew

export interface Begin {
  event: string | null;
  at: string | null; // seconds
}

export class Recording {
  session = $state.raw<Session | null>(null);
  columns = $state.raw(new Columns());
  turns = $state.raw<Turn[]>([]);
  failures = $state.raw<readonly number[]>([]); // indices
  version = $state(0); // another number whenever the columns are not as they were
  whole = $state(false); // until then there are only the lines around the beginning
  children = $state(0); // sessions that it started, all the way down
  begun = $state(0); // the event the page opens at; 0 before that is known
  error = $state.raw<Error | null>(null);
  readonly clock = new Clock();
  readonly rows: Rows;

  #stop = new AbortController();
  #start = 0;
  #heard: Event[] = [];
  #newest = 0; // the latest event that was heard since all was asked for
  #taking = paced(() => this.#take());
  #later: ReturnType<typeof setTimeout> | undefined;
  #counting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly name: string,
    begin: Begin,
  ) {
    this.rows = new Rows(() => this.session?.id ?? name);
    void this.#open(begin);
    void this.#load();
  }

  close(): void {
    this.#stop.abort();
    clearTimeout(this.#later);
    clearTimeout(this.#counting);
    this.#taking.stop();
    this.clock.pause();
  }

  get count(): number {
    void this.version;
    return this.columns.count;
  }

  get running(): boolean {
    return this.session !== null && this.session.ended_at === null;
  }

  // Whether what is seen is the end of what is being recorded: then it stays the end.
  get following(): boolean {
    return this.running && this.begun !== 0 && !this.clock.playing && this.clock.at >= this.clock.end;
  }

  get loading(): boolean {
    return !this.whole;
  }

  // When the session's clock begins, in ms since 1970.
  get start(): number {
    return this.#start;
  }

  // The last event at or before a moment (ms since the session began); -1 before the first.
  indexAt(at: number): number {
    void this.version;
    return this.columns.reached(at);
  }

  timeOf(index: number): number {
    return this.columns.at[index] ?? 0;
  }

  idOf(index: number): number {
    return index >= 0 && index < this.columns.count ? (this.columns.id[index] as number) : 0;
  }

  indexOf(id: number): number {
    void this.version;
    return this.columns.find(id);
  }

  // The number of the turn it is in; 0 before the first event, and as long as turns are not known.
  turnOf(index: number): number {
    if (index < 0) return 0;
    return howMany(this.turns.length, (n) => (this.turns[n] as Turn).first <= index);
  }

  // All of an event as far as lists have it; what is not there yet is asked for.
  row(index: number): Event | undefined {
    return this.rows.get(this.idOf(index));
  }

  // An event that came, or is not as it was. Many come at once: they are taken in together.
  hear(event: Event): void {
    if (this.session && event.session_id !== this.session.id) return; // as long as we do not know, it may be ours
    if (this.#heard.length < UNSEEN) this.#heard.push(event);
    this.#taking.ask();
  }

  // A better source told the same in other words.
  forget(event: number): void {
    if (this.columns.find(event) >= 0) this.#again();
  }

  // Somebody deleted it.
  gone(): void {
    this.close();
    this.error = new Failure(404, 'not_found', 'This session was deleted', '');
  }

  update(session: Session): void {
    this.session = session;
    this.#span();
  }

  async #open(begin: Begin): Promise<void> {
    const at = begin.at === null ? null : Math.round(Number(begin.at) * 1000);
    const asked = live ? { event: Number(begin.event) || null, at: Number.isFinite(at) ? at : null } : {};
    try {
      const told = await get('/api/query/session/{session}/opening', { session: this.name, ...asked }, this.#stop.signal);
      this.session ??= told.session as Session;
      this.rows.keep(told.events as Event[]);
      this.#start ||= told.start_ms;
      if (this.whole) this.#span(); // its row tells how long it was
      else this.#provisional(told.events as Event[]);
      this.children = told.children;
      this.begun = told.chosen ?? -1;
    } catch (error) {
      if (!this.#stop.signal.aborted) this.error = error as Error;
    }
  }

  // The lines around the beginning, as if they were all.
  #provisional(events: readonly Event[]): void {
    const steps = (this.session?.tool_calls ?? 0) > 0;
    const columns = new Columns();
    for (const event of events) columns.push(event, this.#since(event), steps);
    this.columns = columns;
    this.#span();
    this.version += 1;
  }

  async #load(): Promise<void> {
    try {
      const told = await get('/api/query/session/{session}/timeline', { session: this.name, buckets: 1 }, this.#stop.signal);
      const { following } = this;
      this.#start = told.start_ms;
      this.columns = Columns.of(told);
      this.turns = turnsOf(told.turns, this.columns);
      this.whole = true;
      if (this.#newest && this.columns.find(this.#newest) < 0) this.#again(); // it came while we were told
      this.#newest = 0;
      this.#arrange();
      if (following) this.clock.seek(this.clock.end);
    } catch (error) {
      if (!this.#stop.signal.aborted && this.error === null) this.error = error as Error;
    }
  }

  #take(): void {
    const { columns, session } = this;
    const all = this.#heard;
    this.#heard = [];
    this.#count();
    if (!session || !this.whole || all.length === UNSEEN) return void this.#again();
    const heard = all.filter((one) => one.session_id === session.id);
    const steps = session.tool_calls > 0;
    const { following } = this;
    const before = columns.count;
    let scattered = false;
    for (const event of heard.filter((one) => isDrawn(one, steps))) {
      this.#newest = Math.max(this.#newest, event.id);
      const index = columns.find(event.id);
      if (index >= 0) this.#change(index, event, steps);
      else if (!columns.push(event, this.#since(event), steps)) scattered = true;
    }
    this.rows.keep(heard);
    if (scattered) this.#again();
    this.turns = countTurns(this.turns, columns, before, (index) => this.rows.get(this.idOf(index)));
    this.#arrange();
    if (following) this.clock.seek(this.clock.end);
  }

  // The row comes by itself when the session's state changes; what it counts changes with every event.
  #count(): void {
    if (!this.running) return;
    this.#counting ??= setTimeout(() => {
      this.#counting = undefined;
      get('/api/query/session/{session}', { session: this.name }, this.#stop.signal)
        .then((told) => this.running && this.update(told as unknown as Session))
        .catch(() => undefined); // the next one tells it
    }, COUNTED);
  }

  #change(index: number, event: Event, steps: boolean): void {
    const { columns } = this;
    const was = wentWrong(columns, index);
    columns.change(index, event, steps);
    const at = this.turnOf(index) - 1;
    const turn = this.turns[at];
    if (turn) this.turns = this.turns.with(at, recounted(turn, columns, index, was));
  }

  // All of it once more, after a while: something is not where it could be put.
  #again(): void {
    this.#later ??= setTimeout(() => {
      this.#later = undefined;
      void this.#load();
    }, 1000);
  }

  #arrange(): void {
    this.columns.tally.tell();
    this.failures = this.columns.tally.failures;
    this.#span();
    this.version += 1;
  }

  #span(): void {
    const { columns } = this;
    const last = columns.count ? (columns.at[columns.count - 1] as number) : 0;
    this.clock.span(Math.max(this.session?.duration_ms ?? 0, last), columns.at.subarray(0, columns.count));
  }

  #since(event: Event): number {
    return event.timestamp ? Math.max(0, Date.parse(event.timestamp) - this.#start) : 0;
  }
}
