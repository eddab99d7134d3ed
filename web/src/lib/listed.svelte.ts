// A list of the server, page by page: the first one whenever the question changes, more on request.
import { get, type Answer, type Failure, type Question, type Values } from './api';

type RowOf<A, K extends keyof A> = A[K] extends readonly (infer R)[] ? R : never;

export interface Listed<R> {
  readonly rows: R[];
  readonly total: number | null;
  readonly error: Failure | null;
  readonly busy: boolean;
  readonly more: boolean;
  next(): void;
  again(): void;
}

// `key` is the name of the rows in an answer; `values` may read state, null asks nothing. To be called while a component
// is made.
export function listed<P extends Question, K extends keyof Answer<P>>(
  path: P,
  key: K,
  values: () => Values<P> | null,
): Listed<RowOf<Answer<P>, K>> {
  type R = RowOf<Answer<P>, K>;
  let rows = $state.raw<R[]>([]);
  let total = $state.raw<number | null>(null);
  let cursor = $state.raw<string | null>(null);
  let error = $state.raw<Failure | null>(null);
  let busy = $state(true);
  let turn = $state(0);
  let wanted: Values<P> | null = null;
  let stop = new AbortController();

  async function load(from: string | null): Promise<void> {
    if (!wanted) return;
    const mine = stop;
    busy = true;
    try {
      const page = await get(path, { ...wanted, cursor: from } as Values<P>, mine.signal);
      if (mine.signal.aborted) return;
      const { total: all, next_cursor: next } = page as { total: number | null; next_cursor: string | null };
      rows = from ? [...rows, ...(page[key] as R[])] : (page[key] as R[]);
      [total, cursor, error] = [all, next, null];
    } catch (caught) {
      if (!mine.signal.aborted) error = caught as Failure;
    } finally {
      if (!mine.signal.aborted) busy = false;
    }
  }

  $effect(() => {
    void turn;
    wanted = values();
    stop = new AbortController();
    const mine = stop;
    if (!wanted) [rows, busy] = [[], false];
    void load(null);
    return () => mine.abort();
  });

  return {
    get rows() {
      return rows;
    },
    get total() {
      return total;
    },
    get error() {
      return error;
    },
    get busy() {
      return busy;
    },
    get more() {
      return cursor !== null;
    },
    next: () => void load(cursor),
    again: () => (turn += 1),
  };
}
