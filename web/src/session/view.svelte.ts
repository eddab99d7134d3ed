// Which part of a session the lanes show: all of it, or from one moment to another.
import { untrack } from 'svelte';

import { router } from '../lib/router.svelte';
import { axis, placed, type Axis } from './axis';
import type { Scene } from './painting';
import { pyramid } from './pyramid';
import type { Recording } from './recording.svelte';

const LEAST = 400; // ms that fill the width at the closest
const EVERY = 500; // ms from one picture of what is being recorded to the next: lines come sooner, a picture seldom differs

export class View {
  #range = $state<{ from: number; to: number } | null>(null); // ms since the session began
  #drawn = $state(0); // of the recording's versions
  #drawnAt = -EVERY;
  readonly #axis = $derived.by(() => {
    void this.#drawn;
    return untrack(() => axis(this.recording.columns, this.recording.clock.end));
  });
  #scene: Scene | null = null;

  constructor(readonly recording: Recording) {
    const told = /^([\d.]+)-([\d.]+)$/.exec(router.query.get('zoom') ?? '');
    if (told) this.#range = { from: Number(told[1]) * 1000, to: Number(told[2]) * 1000 };
  }

  get axis(): Axis {
    return this.#axis;
  }

  // What is drawn on the axis: worked out when it is drawn, which is less often than events come.
  get scene(): Scene {
    if (this.#scene?.axis !== this.#axis) {
      const { columns } = this.recording;
      const places = placed(columns, this.#axis);
      this.#scene = { columns, axis: this.#axis, places, levels: pyramid(columns, places) };
    }
    return this.#scene;
  }

  get zoomed(): boolean {
    return this.#range !== null;
  }

  // Places on the whole axis, 0 … 1.
  get from(): number {
    return this.#range ? this.axis.place(this.#range.from) : 0;
  }

  get to(): number {
    return this.#range ? Math.max(this.from + 1e-9, this.axis.place(this.#range.to)) : 1;
  }

  show(from: number, to: number): void {
    const span = Math.min(1, Math.max(to - from, 1e-9));
    const start = Math.min(Math.max(0, from), 1 - span);
    if (span > 0.999) return this.fit();
    const times = { from: this.axis.at(start), to: this.axis.at(start + span) };
    if (times.to - times.from < LEAST) times.to = times.from + LEAST;
    this.#range = times;
  }

  showTimes(from: number, to: number): void {
    const around = Math.max((to - from) * 0.04, LEAST / 2);
    this.show(this.axis.place(from - around), this.axis.place(to + around));
  }

  fit(): void {
    this.#range = null;
  }

  // A factor below 1 shows less. `around` is a place that stays where it is.
  zoom(factor: number, around: number): void {
    const span = (this.to - this.from) * factor;
    const share = (around - this.from) / (this.to - this.from);
    this.show(around - share * span, around - share * span + span);
  }

  pan(share: number): void {
    const by = (this.to - this.from) * share;
    this.show(this.from + by, this.to + by);
  }

  // The play head went on: keep it in sight.
  follow(at: number): void {
    untrack(() => {
      if (!this.zoomed) return;
      const place = this.axis.place(at);
      if (place >= this.from && place <= this.to) return;
      const half = (this.to - this.from) / 2;
      this.show(place - half, place + half);
    });
  }

  // To be called in an effect: the picture is that of the recording, or will be soon.
  keepUp(): (() => void) | undefined {
    const { version, clock } = this.recording;
    void clock.end;
    const due = untrack(() => (this.recording.following ? this.#drawnAt + EVERY - performance.now() : 0));
    const draw = () => {
      this.#drawnAt = performance.now();
      this.#drawn = version;
    };
    if (due <= 0) return void draw();
    const later = setTimeout(draw, due);
    return () => clearTimeout(later);
  }

  // For the address: 12.0-80.5, in seconds.
  get told(): string | null {
    return this.#range ? `${seconds(this.#range.from)}-${seconds(this.#range.to)}` : null;
  }
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);
