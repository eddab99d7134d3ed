// j and k on pages that are lists: the focus goes to the first thing in the next row, or the one before, that leads on.

const ROWS = 'main :is(ul > li, tbody > tr)';
const LEADS = 'a[href], button:not(:disabled), summary';

// `by` 1: the next row, -1: the one before. Whether there was one.
export function walk(by: number): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>(ROWS)].filter((row) => row.checkVisibility());
  const ways = rows.map((row) => row.querySelector<HTMLElement>(LEADS)).filter((way) => way !== null);
  const at = ways.findIndex((way) => way === document.activeElement || way.closest('li, tr')?.contains(document.activeElement));
  const next = ways[at < 0 ? (by > 0 ? 0 : ways.length - 1) : at + by];
  next?.focus();
  return next !== undefined;
}
