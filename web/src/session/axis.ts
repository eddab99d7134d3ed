// From real time to the width of a page: long silences are cut to a mark, or lunch would be most of the picture.
import { howMany } from '../lib/sorted';
import type { Columns } from './columns';

export interface Cut {
  from: number; // ms since the session began
  to: number;
}

export interface Axis {
  cuts: Cut[];
  place(at: number): number; // 0 … 1
  at(place: number): number;
}

const IDLE = 120_000; // ms of silence that is cut
const SHARE = 0.012; // of the width that a cut keeps
const ALL = 0.3; // of the width that all cuts keep at most

export function axis(columns: Columns, end: number): Axis {
  const cuts = silences(columns, end);
  const silent = cuts.reduce((sum, cut) => sum + cut.to - cut.from, 0);
  const share = Math.min(SHARE, ALL / Math.max(1, cuts.length));
  const scale = (1 - cuts.length * share) / Math.max(1, end - silent);
  // Knots of a line: between two of them time goes evenly.
  const times = [0];
  const places = [0];
  const knot = (time: number, place: number) => (times.push(time), places.push(place));
  for (const cut of cuts) {
    const reached = (places.at(-1) as number) + (cut.from - (times.at(-1) as number)) * scale;
    knot(cut.from, reached);
    knot(cut.to, reached + share);
  }
  knot(Math.max(end, 1), 1);
  return { cuts, place: (at) => between(times, places, at), at: (where) => between(places, times, where) };
}

function silences(columns: Columns, end: number): Cut[] {
  const least = Math.max(IDLE, end / 50);
  const cuts: Cut[] = [];
  let busy = 0;
  for (let n = 0; n <= columns.count; n++) {
    const at = n < columns.count ? (columns.at[n] as number) : end;
    if (at - busy > least) cuts.push({ from: busy, to: at });
    busy = Math.max(busy, at + Math.min(columns.duration[n] ?? 0, end - at));
  }
  return cuts;
}

function between(from: readonly number[], to: readonly number[], value: number): number {
  const low = 1 + howMany(from.length - 2, (n) => (from[n + 1] as number) < value);
  const [start, stop] = [from[low - 1] as number, from[low] as number];
  const share = stop > start ? Math.min(1, Math.max(0, (value - start) / (stop - start))) : 0;
  return (to[low - 1] as number) + share * ((to[low] as number) - (to[low - 1] as number));
}

// Where every event is drawn, 0 … 1: one walk along the axis.
export function placed(columns: Columns, on: Axis): Float64Array {
  const places = new Float64Array(columns.count);
  for (let n = 0; n < columns.count; n++) places[n] = on.place(columns.at[n] as number);
  return places;
}
