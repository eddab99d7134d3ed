// What happens now, in all sessions: those that run, where they collide, and the end of all that was told. What is heard is
// shown some times a second, however much it is, and only while somebody looks.
import { get, type Failure } from '../lib/api';
import { nameOf } from '../lib/format';
import { deleted, listen, type Message } from '../lib/live';
import { paced } from '../lib/paced';
import type { Event, Row, Session } from '../lib/rows';
import { isWordless, type Lane } from '../session/lanes';

export type Collision = Row<'CollisionRow'>;

const KEPT = 2000; // events
const FIRST = 200;

export class Feed {
  active = $state.raw<Session[]>([]); // those that wait for somebody first, then the newest
  ended = $state.raw<Session[]>([]); // while we looked, the latest first
  latest = $state.raw<ReadonlyMap<string, Event>>(new Map()); // of each session
  titles = $state.raw<ReadonlyMap<string, string>>(new Map()); // of each session that we know
  collisions = $state.raw<Collision[]>([]); // not resolved, the newest first
  tail = $state.raw<Event[]>([]); // the last comes last
  arrived = $state(0); // events that came since the page was opened
  loading = $state(true);
  error = $state.raw<Failure | null>(null);

  #sessions = new Map<string, Session>();
  #recent = new Map<string, string>(); // titles of those that ended before
  #latest = new Map<string, Event>();
  #events = new Map<number, Event>(); // in order of arrival
  #collisions = new Map<number, Collision>();
  #arrived = 0;
  #areSessionsNew = true;
  #areCollisionsNew = true;
  #picture = paced(() => this.#show());
  #stop = new AbortController();

  // `became` is told of every session that has another status than before.
  constructor(readonly became: (session: Session) => void) {}

  // Until the returned function is called.
  follow(): () => void {
    const leave = listen((message) => this.#told(message));
    void this.#load();
    return () => {
      leave();
      this.#stop.abort();
      this.#picture.stop();
    };
  }

  async #load(): Promise<void> {
    const { signal } = this.#stop;
    try {
      const [active, recent, told, open] = await Promise.all([
        get('/api/query/sessions', { active: true, limit: 100 }, signal),
        get('/api/query/sessions', { limit: 100 }, signal),
        get('/api/query/events', { limit: FIRST }, signal),
        get('/api/query/collisions', { open: true, since: '1d', limit: 20 }, signal),
      ]);
      this.#areSessionsNew = true;
      this.#recent = new Map((recent.sessions as Session[]).map((one) => [one.id, nameOf(one)]));
      this.#sessions = new Map((active.sessions as Session[]).map((one) => [one.id, one]));
      // What was heard meanwhile is newer than what was asked for.
      const before = (told.events as Event[]).reverse();
      const newest = before.reduce((most, one) => Math.max(most, one.id), 0);
      const heard = [...this.#events.values()].filter((one) => one.id > newest);
      this.#events = new Map([...before, ...heard].map((one) => [one.id, one]));
      for (const event of this.#events.values()) this.#newest(event);
      this.#collisions = new Map(open.collisions.map((one) => [one.id, one]));
      this.#areCollisionsNew = true;
      this.error = null;
    } catch (error) {
      if (!signal.aborted) this.error = error as Failure;
    }
    this.loading = false;
    this.#show();
  }

  #told(message: Message): void {
    const { type, id, event } = message;
    const gone = deleted(message);
    if (gone) this.#forget(gone);
    else if (type === 'gap') void this.#load();
    else if (type === 'event' && id !== null) this.#event(id, event as Event | null | undefined);
    else if (type === 'event' && event) this.#collided(event as unknown as Collision);
    else if (event && 'spawned_at' in event) this.#session(event as unknown as Session);
    this.#picture.ask();
  }

  #event(id: number, event: Event | null | undefined): void {
    if (!event) this.#events.delete(id);
    else {
      if (!this.#events.has(id)) this.#arrived += 1;
      this.#events.set(id, event);
      this.#newest(event);
      if (this.#events.size > KEPT) this.#events.delete(this.#events.keys().next().value as number);
    }
  }

  #forget(session: string): void {
    for (const known of [this.#sessions, this.#recent, this.#latest]) known.delete(session);
    for (const [id, event] of this.#events) if (event.session_id === session) this.#events.delete(id);
    this.#areSessionsNew = true;
  }

  #newest(event: Event): void {
    const known = this.#latest.get(event.session_id);
    if (matters(event) && (!known || (known.timestamp ?? '') <= (event.timestamp ?? ''))) this.#latest.set(event.session_id, event);
  }

  #collided(collision: Collision): void {
    if (collision.resolved_at) this.#collisions.delete(collision.id);
    else this.#collisions.set(collision.id, collision);
    this.#areCollisionsNew = true;
  }

  #session(session: Session): void {
    const before = this.#sessions.get(session.id)?.status;
    if (!before && session.ended_at) return; // the history of another day
    this.#sessions.set(session.id, session);
    this.#areSessionsNew = true;
    if (before === session.status) return;
    this.became(session);
    if (document.hidden) this.#arrange(); // the title of a tab is seen, whatever else is not
  }

  #show(): void {
    if (this.#areSessionsNew) this.#arrange();
    this.latest = new Map(this.#latest);
    this.tail = [...this.#events.values()];
    this.arrived = this.#arrived;
    if (!this.#areCollisionsNew) return;
    this.#areCollisionsNew = false;
    this.collisions = [...this.#collisions.values()].sort((one, other) => other.id - one.id);
  }

  #arrange(): void {
    this.#areSessionsNew = false;
    const all = [...this.#sessions.values()];
    const waits = (one: Session) => Number(one.status === 'waiting');
    const at = (time: string | null) => Date.parse(time ?? '');
    this.active = all
      .filter((one) => !one.ended_at)
      .sort((one, other) => waits(other) - waits(one) || at(other.spawned_at) - at(one.spawned_at));
    this.ended = all.filter((one) => one.ended_at).sort((one, other) => at(other.ended_at) - at(one.ended_at));
    const titles = new Map([...this.#recent, ...all.map((one) => [one.id, nameOf(one)] as const)]);
    if (titles.size !== this.titles.size || [...titles].some(([id, title]) => this.titles.get(id) !== title)) this.titles = titles;
  }
}

const QUIET = new Set(['usage', 'response', 'metric', 'url', 'http', 'package', 'git', 'code_block', 'confirmation', 'secret']);

// Whether an event says something by itself; the others add to one that does.
export const matters = (event: Event): boolean => !QUIET.has(event.event_type) && !isWordless(event);

const LANE_OF: Record<string, Lane> = { prompt: 'you', command: 'commands', file_op: 'files', tool_call: 'tools', error: 'failures' };

export const laneOf = (event: Event): Lane => LANE_OF[event.event_type] ?? 'agent';

export const failed = (event: Event): boolean =>
  event.status === 'error' || (event.exit_code ?? 0) !== 0 || event.event_type === 'error';
