// The tape of a session's terminal, for whoever shows it on the session's clock.
import { untrack } from 'svelte';

import { listen } from '../lib/live';
import { Tape } from '../terminal/tape.svelte';
import type { Recording } from './recording.svelte';

// How often one looks at a session that is being recorded: now and then, since what is printed is no event, and soon
// after one, in ms.
const [EVERY, SOON] = [1000, 100];

export interface Taped {
  readonly tape: Tape | null; // null as long as nothing is known to have been printed
  readonly behind: boolean; // too little was read to show the moment of the clock
}

// To be called while a component is made; the tape is closed with it.
export function taped(given: () => Recording): Taped {
  let tape = $state.raw<Tape | null>(null);
  const recording = $derived(given());
  const clock = $derived(recording.clock);
  const session = $derived(recording.session);
  const running = $derived(session !== null && session.ended_at === null);

  $effect(() => {
    if (tape === null && session && recording.whole && (session.output_bytes || running)) tape = new Tape(session, recording.start);
  });

  $effect(() => {
    if (!tape || !running) return;
    const [growing, id] = [tape, tape.session.id];
    const look = () => document.hidden || void growing.more();
    let soon: ReturnType<typeof setTimeout> | undefined;
    const timer = setInterval(look, EVERY);
    const leave = listen((message) => {
      if (message.session_id !== id) return;
      if (message.event?.['content'] === 'resized') growing.resized();
      clearTimeout(soon);
      soon = setTimeout(look, SOON);
    });
    return () => {
      clearInterval(timer);
      clearTimeout(soon);
      leave();
    };
  });

  // What was printed without an event is no silence, and may come after the last of them. Who looks at the end of what is
  // being recorded stays there.
  $effect(() => {
    if (!tape?.count) return;
    const moments = tape.moments();
    untrack(() => {
      const follows = running && !clock.playing && clock.at >= clock.end;
      clock.also(moments);
      if (follows) clock.seek(clock.end);
    });
  });

  $effect(() => () => untrack(() => tape)?.close());

  return {
    get tape() {
      return tape;
    },
    get behind() {
      return tape?.isBehind(clock.at) ?? false;
    },
  };
}
