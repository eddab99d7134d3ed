// Rows of the ledger, under the names its pages use, and the signs of their states.
import type { Listed } from '../lib/listed.svelte';
import { plural } from '../lib/format';
import type { Row } from '../lib/rows';

export type AuditEntry = Row<'AuditEntryRow'>;
export type Receipt = Row<'ReceiptRow'>;

// A choice among the filters of a list: values as the address has them, and what they are called.
export interface Choice {
  name: string;
  label: string;
  values: Record<string, string>;
}

const SIGNS: Record<string, string> = {
  started: '●',
  running: '●',
  completed: '✓',
  passed: '✓',
  failed: '✗',
  skipped: '–',
  retry: '↻',
  partial: '◐',
  cancelled: '–',
};

// How many there are in all, as far as that is known.
export const counted = (found: Listed<unknown>, noun: string, nouns: string): string =>
  found.busy && !found.rows.length ? '…' : `${found.total === null ? `More than 10,000 ${nouns}` : plural(found.total, noun, nouns)}, newest first`;

// A state as people read it: a sign and the word, so that colour is never alone.
export const sign = (status: string): string => SIGNS[status] ?? '·';
