// The sessions that were picked to be compared, two at most, in the address: ?pick=one,other.
import { router } from '../lib/router.svelte';

const MOST = 2;

export const picked = (): string[] => (router.query.get('pick') ?? '').split(',').filter(Boolean).map(decodeURIComponent);

// Pick one, or leave it; a third takes the place of the first.
export function pick(id: string): void {
  const before = picked();
  const next = before.includes(id) ? before.filter((one) => one !== id) : [...before, id].slice(-MOST);
  router.set({ pick: next.map(encodeURIComponent).join(',') || null }, true);
}

// Where two of them stand side by side; null as long as there are not two.
export function comparison(): string | null {
  const [one, other] = picked();
  return one && other ? `/sessions/${encodeURIComponent(one)}/compare/${encodeURIComponent(other)}` : null;
}
