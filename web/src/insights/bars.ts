// Days as stacked bars: which days there are, what stands on what.
import { PALETTE } from '../lib/colours.svelte';

export interface Part {
  name: string;
  colour: (typeof PALETTE)[number];
  values: number[]; // one a day
  total: number;
}

export interface Stack {
  days: string[]; // 2026-11-21, none left out; of a long time the Mondays of its weeks
  step: 'day' | 'week';
  parts: Part[]; // the largest first
  total: number;
}

const DAY = 86_400_000;
const DAYS_MAX = 190; // more bars than that nobody can tell apart: weeks then
const YEARS = 6 * 366;

// Rows of (day, name, value) → every day from the first to the last, what each name has on it. From the sixth name on all
// are one: others.
export function stack(rows: readonly (readonly [day: string, name: string, value: number])[], from?: string, to?: string): Stack {
  const every = between(from ?? rows[0]?.[0], to ?? rows.at(-1)?.[0]);
  const step = every.length > DAYS_MAX ? ('week' as const) : ('day' as const);
  const days = step === 'week' ? [...new Set(every.map(monday))] : every;
  const place = new Map(days.map((day, n) => [day, n]));
  const found = new Map<string, Part>();
  for (const [day, name, value] of rows) {
    const at = place.get(step === 'week' ? monday(day) : day);
    if (at === undefined || !value) continue;
    let part = found.get(name);
    if (!part) found.set(name, (part = { name, colour: '--talk', values: days.map(() => 0), total: 0 }));
    part.values[at] = (part.values[at] ?? 0) + value;
    part.total += value;
  }
  const parts = fewer([...found.values()].sort((a, b) => b.total - a.total), days.length);
  parts.forEach((part, n) => (part.colour = PALETTE[n] ?? '--talk'));
  return { days, step, parts, total: parts.reduce((sum, part) => sum + part.total, 0) };
}

function fewer(parts: Part[], days: number): Part[] {
  if (parts.length <= PALETTE.length) return parts;
  const kept = parts.slice(0, PALETTE.length - 1);
  const others: Part = { name: 'others', colour: '--talk', values: Array<number>(days).fill(0), total: 0 };
  for (const part of parts.slice(kept.length)) {
    part.values.forEach((value, n) => (others.values[n] = (others.values[n] ?? 0) + value));
    others.total += part.total;
  }
  return [...kept, others];
}

function monday(day: string): string {
  const at = Date.parse(`${day}T00:00:00Z`);
  return new Date(at - ((new Date(at).getUTCDay() + 6) % 7) * DAY).toISOString().slice(0, 10);
}

export function between(from: string | undefined, to: string | undefined): string[] {
  if (!from || !to) return [];
  const end = Date.parse(`${to}T00:00:00Z`);
  let at = Math.max(Date.parse(`${from}T00:00:00Z`), end - YEARS * DAY);
  const days = [];
  for (; at <= end; at += DAY) days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}

// The day that a moment is on by the clock here.
export function dayOf(ms: number): string {
  const at = new Date(ms);
  return new Date(Date.UTC(at.getFullYear(), at.getMonth(), at.getDate())).toISOString().slice(0, 10);
}

const NAMED = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
export const dayInWords = (day: string): string => NAMED.format(new Date(`${day}T12:00:00Z`));

// Round values up to `most`, so that there are about `count` of them, 0 among them; `whole`: none lies between two numbers.
export function ticks(most: number, count: number, whole: boolean): number[] {
  const wanted = Math.max(whole ? 1 : 0, most / Math.max(1, count));
  const power = 10 ** Math.floor(Math.log10(wanted));
  const rounds = whole && power < 10 ? [1, 2, 5, 10] : [1, 2, 2.5, 5, 10];
  const step = (rounds.find((one) => one * power >= wanted) ?? 10) * power;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, n) => n * step);
}

// The how manieth day or week is named, if each has `slot` px and a name needs `wide`.
export function every(step: Stack['step'], slot: number, wide: number): number {
  const rounds = step === 'week' ? [1, 2, 4, 13, 26, 52] : [1, 2, 7, 14, 28, 91];
  return rounds.find((one) => one * slot >= wide) ?? 365;
}
