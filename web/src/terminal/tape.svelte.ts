// What a session's terminal was told, in order of time: what was printed, and other sizes. Read page by page.
import { get, list } from '../lib/api';
import type { Row, Session } from '../lib/rows';
import { howMany } from '../lib/sorted';
import type { Size } from './screen';

export interface Frame {
  at: number; // ms since the session began, never less than that of the frame before
  text: string;
  place: number; // characters before it
  size?: Size; // of the terminal from here on
}

type Told = Omit<Frame, 'place'>;

const STREAMS = ['stdout', 'stderr'] as const;
const PAGE = 1 << 20; // bytes
const USUAL: Size = { columns: 100, rows: 30 }; // when nothing tells

export class Tape {
  readonly frames: Frame[] = []; // grows at its end only
  count = $state(0); // of frames
  bytes = $state(0); // read so far, about
  loading = $state(true);
  error = $state.raw<Error | null>(null);
  readonly size: Size;

  readonly #start: number; // of the session's clock, ms since 1970
  readonly #streams: Stream[];
  readonly #stop = new AbortController();
  #sizes: Told[] = [];
  #reading = false;
  #isSizeNew = true; // since they were read

  // `start`: when the session's clock begins, in ms since 1970.
  constructor(
    readonly session: Session,
    start: number,
  ) {
    this.#start = start;
    const shift = Date.parse(session.spawned_at) - start;
    this.size = sizeOf(session) ?? USUAL;
    const raw = sizeOf(session) ? true : null;
    this.#streams = STREAMS.map((name) => new Stream(session.id, name, shift, raw, this.#stop.signal));
    void this.more();
  }

  close(): void {
    this.#stop.abort();
  }

  // How many frames there are up to a moment.
  until(at: number): number {
    return howMany(this.frames.length, (n) => (this.frames[n] as Frame).at <= at);
  }

  // Whether it was read too little to know a moment.
  isBehind(at: number): boolean {
    return this.loading && (this.frames[this.count - 1]?.at ?? -1) < at;
  }

  // When something was printed, to the second or so.
  moments(): number[] {
    const found: number[] = [];
    for (const { at } of this.frames) if (at - (found.at(-1) ?? -Infinity) >= 1000) found.push(at);
    const last = this.frames.at(-1)?.at;
    if (last !== undefined && last !== found.at(-1)) found.push(last);
    return found;
  }

  // The terminal has another size from now on: which, is read with what comes next.
  resized(): void {
    this.#isSizeNew = true;
  }

  // Read what came since; of a session that is being recorded again and again.
  async more(): Promise<void> {
    if (this.#reading || this.#stop.signal.aborted) return;
    this.#reading = true;
    try {
      if (this.#isSizeNew) await this.#readSizes();
      while (await this.#page());
      this.error = null;
    } catch (error) {
      if (!this.#stop.signal.aborted) this.error = error as Error;
    } finally {
      this.#reading = false;
      this.loading = false;
    }
  }

  async #readSizes(): Promise<void> {
    this.#isSizeNew = false;
    const found: Told[] = [];
    for (const type of ['state', 'marker']) {
      const asked = { session: this.session.id, type, limit: 1000 };
      for await (const page of list('/api/query/events', asked, 'events', this.#stop.signal)) {
        for (const event of page) {
          const size = resized(event);
          if (size && event.timestamp) found.push({ at: Date.parse(event.timestamp) - this.#start, text: '', size });
        }
      }
    }
    const reached = this.frames.at(-1)?.at ?? -1;
    this.#sizes = found.filter((frame) => frame.at > reached).sort((one, other) => one.at - other.at);
  }

  // A page of whichever stream is behind, and on the tape what no other can come before any more. False at the end.
  async #page(): Promise<boolean> {
    const behind = this.#streams.filter((one) => !one.ended).sort((one, other) => one.reached - other.reached)[0];
    if (behind) this.bytes += await behind.read();
    const open = this.#streams.filter((one) => !one.ended).map((one) => one.reached);
    const settled = Math.min(...open, Infinity);
    const waiting = [...this.#streams.map((one) => one.take(settled)), this.#takeSizes(settled)];
    this.#append(waiting.flat());
    if (open.length) return true;
    for (const stream of this.#streams) stream.ended = false; // until somebody asks again
    return false;
  }

  #takeSizes(until: number): Told[] {
    const taken = this.#sizes.filter((frame) => frame.at <= until);
    this.#sizes = this.#sizes.slice(taken.length);
    return taken;
  }

  #append(found: Told[]): void {
    found.sort((one, other) => one.at - other.at);
    for (const told of found) {
      const last = this.frames.at(-1);
      const at = Math.max(last?.at ?? 0, told.at); // clocks jump, this one does not
      this.frames.push({ ...told, at, place: last ? last.place + last.text.length : 0 });
    }
    this.count = this.frames.length;
  }
}

// One stream of output, read as far as its end at the time.
class Stream {
  reached = -Infinity; // the time of the last piece that was read
  ended = false;

  #cursor: string | null = null;
  #waiting: Told[] = [];
  #returned = false;
  #raw: boolean | null; // whether line ends are those of a terminal; null: it is told by the first piece

  constructor(
    readonly session: string,
    readonly name: (typeof STREAMS)[number],
    readonly shift: number, // from the session's beginning to that of its clock, ms
    raw: boolean | null,
    readonly signal: AbortSignal,
  ) {
    this.#raw = raw;
  }

  // Bytes that came, about.
  async read(): Promise<number> {
    const asked = { session: this.session, stream: this.name, limit: PAGE, cursor: this.#cursor };
    const page = await get('/api/query/session/{session}/output', asked, this.signal);
    this.ended = page.next_cursor === null;
    this.#cursor = page.end_cursor ?? this.#cursor;
    let bytes = 0;
    for (const { offset_ms, data } of page.pieces) {
      bytes += data.length;
      this.reached = Math.max(this.reached, Math.floor(offset_ms + this.shift)); // whole, as those of events
      this.#raw ??= !/(?<!\r)\n/.test(data);
      const text = this.#raw ? data : this.#returning(data);
      if (text) this.#waiting.push({ at: this.reached, text });
    }
    return bytes;
  }

  // What was read up to a moment.
  take(until: number): Told[] {
    const next = this.#waiting.findIndex((frame) => frame.at > until);
    return this.#waiting.splice(0, next < 0 ? this.#waiting.length : next);
  }

  // What came through a pipe lacks the carriage returns that a terminal would have added.
  #returning(text: string): string {
    const shown = text.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n');
    const skip = this.#returned && shown.startsWith('\r\n') ? 1 : 0;
    this.#returned = text.endsWith('\r');
    return shown.slice(skip);
  }
}

// The size a session's terminal had at first; null when it had none. A recording of ours says `terminal`, an asciicast
// `term` or the size itself.
export function sizeOf(session: Session): Size | null {
  const told = (session.metadata_json ?? {}) as Record<string, unknown>;
  const term = told['term'] as Record<string, unknown> | undefined;
  return (
    sized(told['terminal']) ??
    sized(term && { columns: term['cols'], rows: term['rows'] }) ??
    sized({ columns: told['width'], rows: told['height'] })
  );
}

// The size an event tells of; an asciicast has it as a marker.
function resized({ event_type, content, metadata_json }: Row<'EventRow'>): Size | null {
  const told = (metadata_json ?? {}) as Record<string, unknown>;
  if (event_type === 'state') return content === 'resized' ? sized(told) : null;
  const [columns, rows] = told['kind'] === 'resize' ? (content ?? '').split('x').map(Number) : [];
  return sized({ columns, rows });
}

function sized(told: unknown): Size | null {
  const { columns, rows } = (told ?? {}) as Record<string, unknown>;
  return isLength(columns) && isLength(rows) ? { columns, rows } : null;
}

function isLength(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 1000;
}
