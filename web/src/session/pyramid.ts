// How many events are where, counted once at every coarseness: what is drawn of a session costs what the screen has room
// for, not what the session holds.
import type { Columns } from './columns';
import { LANES } from './lanes';

export interface Level {
  bins: number;
  all: Uint32Array[]; // by lane
  failed: Uint32Array[];
  strong: Uint32Array[]; // of files what changed them
}

const FINEST = 14; // 2 ** 14 bins
const FAILURES = 5;

export function pyramid(columns: Columns, places: Float64Array): Level[] {
  const finest = Math.min(FINEST, Math.max(8, Math.ceil(Math.log2(columns.count + 1))));
  const levels = [counted(columns, places, 2 ** finest)];
  while ((levels[0] as Level).bins > 64) levels.unshift(halved(levels[0] as Level));
  return levels;
}

// The coarsest that still has so many bins in a part of the width; undefined when none is fine enough.
export function fitting(levels: readonly Level[], share: number, wanted: number): Level | undefined {
  return levels.find((level) => level.bins * share >= wanted);
}

function counted(columns: Columns, places: Float64Array, bins: number): Level {
  const level = empty(bins);
  for (let n = 0; n < columns.count; n++) {
    const bin = Math.min(bins - 1, Math.floor((places[n] as number) * bins));
    const lane = columns.lane(n);
    (level.all[lane] as Uint32Array)[bin]!++;
    const operation = columns.operation(n);
    if (operation && operation !== 'read') (level.strong[lane] as Uint32Array)[bin]!++;
    if (!columns.failed(n)) continue;
    (level.failed[lane] as Uint32Array)[bin]!++;
    if (lane !== FAILURES) (level.all[FAILURES] as Uint32Array)[bin]!++;
    (level.failed[FAILURES] as Uint32Array)[bin]!++;
  }
  return level;
}

function halved(level: Level): Level {
  const half = empty(level.bins / 2);
  const sum = (from: Uint32Array[], to: Uint32Array[]) =>
    to.forEach((bins, lane) => {
      const source = from[lane] as Uint32Array;
      for (let n = 0; n < bins.length; n++) bins[n] = (source[2 * n] as number) + (source[2 * n + 1] as number);
    });
  sum(level.all, half.all);
  sum(level.failed, half.failed);
  sum(level.strong, half.strong);
  return half;
}

function empty(bins: number): Level {
  const lanes = () => LANES.map(() => new Uint32Array(bins));
  return { bins, all: lanes(), failed: lanes(), strong: lanes() };
}
