// Puts a moment of a tape onto a screen. What is shown at a moment is what would be shown had the tape been played to there:
// going on, a screen is fed what came since; going back, it begins anew. So that going back in a long recording takes no
// longer than a moment, screens stand by along the tape, each fed up to its place while nothing else is done; one that is
// taken leaves its place to the one that was seen before.
import { Screen, type Colours, type Size } from './screen';
import { Standing } from './standing';
import type { Tape } from './tape.svelte';

const STRIDE = 3 << 19; // characters from one place to the next, at least
const PLACES = 8; // at most
const AT_ONCE = 50; // ms that a page may stand still for a screen
const ASIDE = 6; // ms of preparing at a time, where the browser does not say how long it has nothing else to do

interface Place {
  frame: number; // how many a screen is fed that stands here
  standing: Standing | null;
}

export class Projector {
  #shown: Standing;
  #wanted = 0; // frames
  #colours: Colours;
  #places: Place[] = [];
  #later = 0;
  #late = false;
  #preparing = false;
  #closed = false;

  constructor(
    screen: Screen,
    readonly tape: Tape,
    colours: Colours,
    readonly stage: HTMLElement,
    readonly changed: (size: Size, late: boolean) => void,
  ) {
    this.#colours = colours;
    this.#shown = new Standing(screen, tape);
    stage.replaceChildren(screen.element);
  }

  show(at: number): void {
    this.#wanted = this.tape.until(at);
    this.#pick();
    this.#go();
    void this.#prepare();
  }

  // From the next moment on in these colours.
  paint(colours: Colours): void {
    this.#colours = colours;
    this.#shown.fed = -1;
    for (const place of this.#places) if (place.standing) place.standing.fed = -1;
  }

  close(): void {
    this.#closed = true;
    cancelAnimationFrame(this.#later);
    for (const standing of [this.#shown, ...this.#places.map((one) => one.standing)]) standing?.screen.close();
  }

  // The screen that has least to go to where we want to be.
  #pick(): void {
    const { frames } = this.tape;
    const from = (standing: Standing) => (standing.fed < 0 || standing.fed > this.#wanted ? 0 : standing.fed);
    let best: Place | null = null;
    let reached = from(this.#shown);
    for (const place of this.#places) {
      const there = place.standing ? from(place.standing) : 0;
      if ((frames[there]?.place ?? 0) < (frames[reached]?.place ?? 0) + STRIDE / 4) continue;
      [best, reached] = [place, there];
    }
    if (!best?.standing) return;
    [this.#shown, best.standing] = [best.standing, this.#shown];
    this.stage.replaceChildren(this.#shown.screen.element);
  }

  #go(): void {
    cancelAnimationFrame(this.#later);
    const shown = this.#shown;
    if (shown.fed < 0 || shown.fed > this.#wanted) shown.begin(this.#colours);
    const there = shown.feed(this.#wanted, AT_ONCE);
    this.changed(shown.size, !there);
    this.#late = !there;
    if (!there) this.#later = requestAnimationFrame(() => this.#go());
  }

  async #prepare(): Promise<void> {
    if (this.#preparing) return;
    this.#preparing = true;
    this.#arrange();
    for (const place of this.#places) {
      while (!this.#closed && place.standing?.fed !== place.frame) {
        const spare = await idle();
        if (this.#closed) return;
        if (this.#late) continue; // what is looked at goes first
        place.standing ??= new Standing(await Screen.open(this.tape.size), this.tape);
        const { standing } = place;
        if (standing.fed < 0 || standing.fed > place.frame) standing.begin(this.#colours);
        standing.feed(place.frame, spare);
      }
    }
    this.#preparing = false;
  }

  // Places for as much of the tape as was read; those there are stay.
  #arrange(): void {
    const { frames } = this.tape;
    const end = frames.at(-1)?.place ?? 0;
    const stride = Math.max(STRIDE, end / (PLACES + 1));
    for (;;) {
      const reached = frames[this.#places.at(-1)?.frame ?? 0]?.place ?? 0;
      if (this.#places.length >= PLACES || reached + stride > end) return;
      const frame = frames.findIndex((one) => one.place >= reached + stride);
      this.#places.push({ frame, standing: null });
    }
  }
}

// When nothing else is to be done, and for how many ms.
function idle(): Promise<number> {
  return new Promise((now) => {
    if ('requestIdleCallback' in globalThis) requestIdleCallback((left) => now(Math.max(ASIDE, left.timeRemaining())), { timeout: 200 });
    else setTimeout(() => now(ASIDE), 20);
  });
}
