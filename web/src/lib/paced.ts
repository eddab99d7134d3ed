// Drawing what changes often: soon, but some times a second at most, less often where it takes long; and not while the page
// is out of sight, but as soon as it is looked at. No frames are asked for: browsers give few to windows that others cover.
import { tick } from 'svelte';

export interface Paced {
  ask(): void; // something changed
  stop(): void;
}

const [LEAST, MOST] = [100, 250]; // ms from one drawing to the next; in between twice what the last one took

export function paced(draw: () => void): Paced {
  let next = -Infinity; // when it may be drawn again
  let timer: ReturnType<typeof setTimeout> | undefined;

  function drawn(): void {
    timer = undefined;
    if (document.hidden) return document.addEventListener('visibilitychange', ask, { once: true });
    const begun = performance.now();
    next = begun + LEAST;
    draw();
    void tick().then(() => (next = begun + Math.min(MOST, Math.max(LEAST, 2 * (performance.now() - begun)))));
  }

  function ask(): void {
    timer ??= setTimeout(drawn, Math.max(0, next - performance.now()));
  }

  return {
    ask,
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
      document.removeEventListener('visibilitychange', ask);
    },
  };
}
