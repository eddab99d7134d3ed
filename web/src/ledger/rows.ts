// Rows of the ledger, under the names its pages use, and the signs of their states.
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

// A state as people read it: a sign and the word, so that colour is never alone.
export const sign = (status: string): string => SIGNS[status] ?? '·';
