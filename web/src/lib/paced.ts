// Drawing what changes often: soon, but not again before four times as long as the last time took; and not while the page is
// out of sight, but as soon as it is looked at. No frames are asked for: browsers give few to windows that others cover.
import { tick } from 'svelte';

export interface Paced {
  ask(): void; // something changed
  stop(): void;
}

const SHARE = 4;

// `least`: ms from one drawing to the next.
export function paced(draw: () => void, least = 100): Paced {
  let next = -Infinity; // when it may be drawn again
  let timer: ReturnType<typeof setTimeout> | undefined;

  function drawn(): void {
    timer = undefined;
    if (document.hidden) return document.addEventListener('visibilitychange', ask, { once: true });
    const begun = performance.now();
    next = begun + least;
    draw();
    void tick().then(() => (next = begun + Math.max(least, SHARE * (performance.now() - begun))));
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
