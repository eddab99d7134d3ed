// What the tabs count, from the columns alone: commands, files, changes. No text is needed for it.
import type { Columns } from './columns';
import type { Turn } from './turns';

export interface Group {
  label: string;
  indices: number[];
  failed: number;
  total: number; // ms
  median: number;
  slowest: number;
}

// Events of a type by their label, the most frequent first.
export function grouped(columns: Columns, type: string): Group[] {
  const found = new Map<number, number[]>();
  for (let n = 0; n < columns.count; n++) {
    if (columns.type(n) !== type) continue;
    const label = columns.label[n] as number;
    const group = found.get(label);
    if (group) group.push(n);
    else found.set(label, [n]);
  }
  const groups = [...found].map(([label, indices]) => {
    const times = indices.map((n) => columns.duration[n] as number).sort((one, other) => one - other);
    return {
      label: columns.labels[label] ?? '',
      indices,
      failed: indices.filter((n) => columns.failed(n)).length,
      total: times.reduce((sum, ms) => sum + ms, 0),
      median: times[times.length >> 1] ?? 0,
      slowest: times.at(-1) ?? 0,
    };
  });
  return groups.sort((one, other) => other.indices.length - one.indices.length || (one.label < other.label ? -1 : 1));
}

export interface Cell {
  touches: number;
  changes: number;
  first: number; // index of the first event
}

export interface Touched {
  path: string;
  reads: number;
  changes: number;
  cells: (Cell | undefined)[]; // by column
}

export interface Heat {
  files: Touched[];
  columns: { from: number; to: number }[]; // numbers of turns
}

// Which file was touched in which turn. Many turns share a column, so that there are at most `most` of them.
export function heat(columns: Columns, turns: readonly Turn[], most: number): Heat {
  const wide = Math.max(1, Math.ceil(turns.length / most));
  const count = Math.max(1, Math.ceil(turns.length / wide));
  const files = new Map<number, Touched>();
  let turn = 0;
  for (let n = 0; n < columns.count; n++) {
    while (turn + 1 < turns.length && (turns[turn + 1] as Turn).first <= n) turn += 1;
    if (columns.type(n) !== 'file_op') continue;
    const label = columns.label[n] as number;
    let file = files.get(label);
    if (!file) files.set(label, (file = { path: columns.labels[label] ?? '', reads: 0, changes: 0, cells: Array(count) }));
    const change = isChange(columns, n);
    if (change) file.changes += 1;
    else file.reads += 1;
    const column = Math.floor(turn / wide);
    const cell = (file.cells[column] ??= { touches: 0, changes: 0, first: n });
    cell.touches += 1;
    if (change) cell.changes += 1;
  }
  return {
    files: [...files.values()].sort((one, other) => other.changes - one.changes || other.reads - one.reads),
    columns: Array.from({ length: count }, (_, n) => ({ from: n * wide + 1, to: Math.min((n + 1) * wide, Math.max(1, turns.length)) })),
  };
}

const CHANGES = new Set(['write', 'edit', 'delete', 'move']);

export const isChange = (columns: Columns, index: number): boolean =>
  columns.type(index) === 'file_op' && CHANGES.has(columns.operation(index) ?? '');

export function changes(columns: Columns): number[] {
  const found: number[] = [];
  for (let n = 0; n < columns.count; n++) if (isChange(columns, n)) found.push(n);
  return found;
}
