// A screen and how far it was fed of a tape. It goes on only; to go back it begins anew.
import type { Colours, Screen, Size } from './screen';
import type { Tape } from './tape.svelte';

const PORTION = 1 << 14; // characters that are fed at once

export class Standing {
  fed = -1; // frames; -1: nothing of what it shows counts
  size: Size;

  constructor(
    readonly screen: Screen,
    readonly tape: Tape,
  ) {
    this.size = tape.size;
  }

  begin(colours: Colours): void {
    this.size = this.tape.size;
    this.screen.reset(this.size, colours);
    this.fed = 0;
  }

  // Goes on until so many frames are fed, or for some milliseconds; true when it is there.
  feed(until: number, ms: number): boolean {
    const end = performance.now() + ms;
    while (this.fed < until) {
      this.#portion(until);
      if (performance.now() > end) break;
    }
    return this.fed >= until;
  }

  #portion(until: number): void {
    const { frames } = this.tape;
    let text = '';
    while (this.fed < until && text.length < PORTION) {
      const frame = frames[this.fed];
      if (frame?.size) {
        if (text) break; // first what is to be shown in the size until now
        this.size = frame.size;
        this.screen.resize(frame.size);
      }
      text += frame?.text ?? '';
      this.fed += 1;
    }
    if (text) this.screen.feed(text);
  }
}
