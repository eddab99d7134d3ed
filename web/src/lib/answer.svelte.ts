// An answer of the server that follows its question: asked anew when the question changes, the old one is shown until
// the new one is there. Made while a component is made; values that are null ask nothing.
import { get, type Answer as Told, type Failure, type Question, type Values } from './api';

export class Answer<P extends Question> {
  value = $state.raw<Told<P> | null>(null);
  error = $state.raw<Failure | null>(null);
  busy = $state(true);

  constructor(path: P, values: () => Values<P> | null) {
    $effect(() => {
      const asked = values();
      this.busy = asked !== null;
      if (!asked) return;
      const stop = new AbortController();
      get(path, asked, stop.signal)
        .then((found) => {
          this.value = found;
          this.error = null;
          this.busy = false;
        })
        .catch((caught: unknown) => {
          if (stop.signal.aborted) return;
          this.error = caught as Failure;
          this.busy = false;
        });
      return () => stop.abort();
    });
  }
}
