// The one clock of a session: where we are, and how fast it goes. Milliseconds since the session began.
import { howMany } from '../lib/sorted';

export const SPEEDS = [0.5, 1, 2, 5, 10, 20] as const;
const IDLE = 5000; // a silence longer than this is skipped, down to this

export class Clock {
  at = $state(0);
  end = $state(0);
  playing = $state(false);
  speed = $state(5);
  skipIdle = $state(true);

  #times: ArrayLike<number> = []; // of events, ascending
  #others: number[] = [];
  #frame = 0;
  #before = 0;

  span(end: number, times: ArrayLike<number>): void {
    this.end = Math.max(end, this.#others.at(-1) ?? 0);
    this.#times = times;
  }

  // Moments, ascending, at which something can be seen though there is no event: no silence either.
  also(times: number[]): void {
    this.#others = times;
    this.end = Math.max(this.end, times.at(-1) ?? 0);
  }

  seek(at: number): void {
    this.at = Math.min(Math.max(0, at), this.end);
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  play(): void {
    if (this.at >= this.end) this.at = 0;
    this.playing = true;
    this.#before = performance.now();
    this.#frame = requestAnimationFrame((now) => this.#tick(now));
  }

  // At a whole millisecond, as events have it: a link leads to exactly what is seen.
  pause(): void {
    this.playing = false;
    cancelAnimationFrame(this.#frame);
    if (this.at < this.end) this.at = Math.floor(this.at);
  }

  #tick(now: number): void {
    this.seek(this.#skipped(this.at + (now - this.#before) * this.speed));
    this.#before = now;
    if (this.at >= this.end) this.pause();
    else if (this.playing) this.#frame = requestAnimationFrame((next) => this.#tick(next));
  }

  // Where the play head is put when a silence begins at `at`.
  #skipped(at: number): number {
    if (!this.skipIdle) return at;
    const [one, other] = [next(this.#times, at), next(this.#others, at)];
    const before = Math.max(this.#times[one - 1] ?? 0, this.#others[other - 1] ?? 0);
    const after = Math.min(this.#times[one] ?? this.end, this.#others[other] ?? this.end);
    return after - before > IDLE && at > before + IDLE / 2 && at < after - IDLE / 2 ? after - IDLE / 2 : at;
  }
}

// How many of some times, ascending, are not after a moment.
const next = (times: ArrayLike<number>, at: number): number => howMany(times.length, (n) => (times[n] as number) <= at);
