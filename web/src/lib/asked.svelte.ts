// One question to the server, asked again whenever what it depends on changes; only the last answer counts.
import { get, type Answer, type Failure, type Question, type Values } from './api';

export interface Asked<T> {
  readonly value: T | null;
  readonly error: Failure | null;
  readonly busy: boolean;
  again(): void;
}

// `values` may read state; null asks nothing. To be called while a component is made.
export function asked<P extends Question>(path: P, values: () => Values<P> | null): Asked<Answer<P>> {
  let value = $state.raw<Answer<P> | null>(null);
  let error = $state.raw<Failure | null>(null);
  let busy = $state(true);
  let turn = $state(0);

  $effect(() => {
    void turn;
    const wanted = values();
    busy = wanted !== null;
    if (!wanted) {
      value = null;
      return;
    }
    const stop = new AbortController();
    get(path, wanted, stop.signal)
      .then((found) => {
        if (stop.signal.aborted) return;
        [value, error, busy] = [found, null, false];
      })
      .catch((caught: unknown) => {
        if (!stop.signal.aborted) [error, busy] = [caught as Failure, false];
      });
    return () => stop.abort();
  });

  return {
    get value() {
      return value;
    },
    get error() {
      return error;
    },
    get busy() {
      return busy;
    },
    again: () => (turn += 1),
  };
}
