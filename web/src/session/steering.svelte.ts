// Where in a session we are, and every way to another moment: by mouse, by keyboard, by address.
import { copy } from '../lib/copy';
import { router } from '../lib/router.svelte';
import { meant } from '../lib/keys';
import { SPEEDS } from './clock.svelte';
import type { Recording } from './recording.svelte';

const SAID = 2000; // ms that a link is said to be copied

export class Steering {
  copied = $state(false); // just now
  placed = $state(false); // whether the page is where its address says

  // Of several events at one moment the one that was asked for.
  #asked = $state(0);

  readonly chosen: number; // what the play head stands on: an index, -1 before the first event
  readonly atFailure: number; // of recording.failures the last one until here, -1 before the first
  readonly atTurn: number;

  readonly #keys: Record<string, () => void> = {
    ' ': () => this.recording.clock.toggle(),
    ArrowRight: () => this.#by(5000),
    ArrowLeft: () => this.#by(-5000),
    '.': () => this.step(1),
    ',': () => this.step(-1),
    j: () => this.step(1),
    k: () => this.step(-1),
    ']': () => this.turn(1),
    '[': () => this.turn(-1),
    e: () => this.fail(1),
    E: () => this.fail(-1),
    '>': () => this.#faster(1),
    '<': () => this.#faster(-1),
    l: () => this.follow(),
    y: () => void this.copy(),
    ...Object.fromEntries([...'0123456789'].map((digit) => [digit, () => this.#tenth(Number(digit))])),
  };

  constructor(readonly recording: Recording) {
    this.chosen = $derived(this.#standingOn());
    this.atFailure = $derived(recording.failures.findLastIndex((index) => index <= this.chosen));
    this.atTurn = $derived(recording.turnOf(this.chosen));
  }

  readonly choose = (index: number): void => {
    if (index < 0 || index >= this.recording.count) return;
    this.#asked = this.recording.idOf(index);
    this.recording.clock.seek(this.recording.timeOf(index));
  };

  step(by: number): void {
    this.recording.clock.pause();
    this.choose(Math.max(0, this.chosen + by));
  }

  turn(by: number): void {
    const found = this.recording.turns[Math.max(0, this.atTurn - 1 + by)];
    if (found) this.choose(found.index);
  }

  // The end of what is being recorded, and from then on always the end.
  follow(): void {
    const { clock } = this.recording;
    clock.pause();
    clock.seek(clock.end);
  }

  fail(by: number): void {
    const { failures } = this.recording;
    const onOne = failures[this.atFailure] === this.chosen;
    const next = by > 0 ? this.atFailure + 1 : onOne ? this.atFailure - 1 : this.atFailure;
    const index = failures[next];
    if (index !== undefined) this.choose(index);
  }

  // The address says where we are, so that what is seen can be linked to.
  tell(): void {
    const event = this.chosen < 0 ? null : String(this.recording.idOf(this.chosen));
    const moment = { t: (this.recording.clock.at / 1000).toFixed(3), ev: event, fail: null };
    if (router.query.get('t') !== moment.t || router.query.get('ev') !== moment.ev) router.set(moment, true);
  }

  async copy(): Promise<void> {
    this.tell();
    this.copied = await copy(location.href);
    setTimeout(() => (this.copied = false), SAID);
  }

  key(event: KeyboardEvent): void {
    if (!meant(event)) return;
    const act = this.#keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  #standingOn(): number {
    const { recording } = this;
    const reached = recording.indexAt(recording.clock.at);
    const at = recording.timeOf(reached);
    for (let index = reached; index >= 0 && recording.timeOf(index) === at; index--) {
      if (recording.idOf(index) === this.#asked) return index;
    }
    return reached;
  }

  #by(ms: number): void {
    const { clock } = this.recording;
    clock.seek(clock.at + ms);
  }

  #tenth(digit: number): void {
    const { clock } = this.recording;
    clock.seek((clock.end * digit) / 10);
  }

  #faster(by: number): void {
    const { clock } = this.recording;
    const at = SPEEDS.indexOf(clock.speed as (typeof SPEEDS)[number]);
    clock.speed = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + by))] ?? 1;
  }
}
