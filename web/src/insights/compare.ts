// Two sessions side by side: what both have, what only one has, and by how much they differ.
import { many, money, number, took } from '../lib/format';
import type { Row } from '../lib/rows';

type Facts = Row<'SessionFacts'>;

// How long a turn took, in ms: from what was said to the last that came of it.
export function workedMs(turn: { timestamp: string; ended_at: string }): number {
  return Math.max(0, Date.parse(turn.ended_at) - Date.parse(turn.timestamp));
}

export interface Measure {
  name: string;
  a: number | null;
  b: number | null;
  words: (value: number) => string;
  bad?: boolean; // whether more of it is worse: red where one has some
}

export function measures(a: Facts, b: Facts): Measure[] {
  const worked = (one: Facts) => one.turns.reduce((sum, turn) => sum + workedMs(turn), 0);
  return [
    { name: 'Took', a: a.duration_ms, b: b.duration_ms, words: took },
    { name: 'Of that at work', a: worked(a), b: worked(b), words: took },
    { name: 'Turns', a: a.turns.length, b: b.turns.length, words: number },
    { name: 'Tool calls', a: a.tool_calls, b: b.tool_calls, words: number },
    { name: 'Failed calls', a: a.tool_errors, b: b.tool_errors, words: number, bad: true },
    { name: 'Rejected', a: a.rejections, b: b.rejections, words: number },
    { name: 'Errors found', a: a.errors, b: b.errors, words: number, bad: true },
    { name: 'Commands', a: a.commands, b: b.commands, words: number },
    { name: 'Files', a: a.files_touched, b: b.files_touched, words: number },
    { name: 'Tokens in', a: a.input_tokens, b: b.input_tokens, words: many },
    { name: 'Tokens out', a: a.output_tokens, b: b.output_tokens, words: many },
    { name: 'Cost', a: a.cost_usd, b: b.cost_usd, words: money },
  ];
}

// −30 %, 2.4×, and nothing where there is nothing to compare.
export function change({ a, b }: Measure): string {
  if (a === null || b === null || a === b) return a === b && a !== null ? 'the same' : '';
  if (!a) return 'only B';
  if (!b) return 'only A';
  const ratio = b / a;
  if (ratio >= 2) return `${ratio.toFixed(1)}×`;
  return `${ratio > 1 ? '+' : '−'}${Math.round(Math.abs(ratio - 1) * 100)} %`;
}

export interface Pair<T> {
  key: string;
  a: T | undefined;
  b: T | undefined;
}

// Rows of two lists by their key: what differs most first, as `weight` says of a row.
export function paired<T>(as: readonly T[], bs: readonly T[], key: (row: T) => string, weight: (row: T) => number): Pair<T>[] {
  const found = new Map<string, Pair<T>>();
  for (const row of as) found.set(key(row), { key: key(row), a: row, b: undefined });
  for (const row of bs) found.set(key(row), { key: key(row), a: found.get(key(row))?.a, b: row });
  const of = (row: T | undefined): number => (row === undefined ? 0 : weight(row));
  return [...found.values()].sort((one, other) => Math.abs(of(other.a) - of(other.b)) - Math.abs(of(one.a) - of(one.b)));
}
