// A workflow as the server draws it, and where its columns of time lie on the screen. Silences that were left out are bands
// of a fixed width between two columns.
import { offset } from '../lib/format';
import { px } from '../lib/px';
import type { Row } from '../lib/rows';

export type Collision = Row<'CollisionRow'>;
export type Picture = Row<'Picture'>;
export type Lane = Row<'Lane'>;
export type Cell = Row<'Cell'>;
export type MetFile = Row<'MetFile'>;

const [CUT, WORDS] = [16, px(92)]; // pixels of a band, and of the words of the axis at most

export interface Scale {
  wide: number; // of a column
  left(column: number): number;
  place(column: number, ms: number): number;
  cuts: { x: number; wide: number; ms: number }[];
  ticks: { x: number; ms: number }[];
}

export function scale(columns: Picture['columns'], width: number): Scale {
  const breaks = columns.map((one, n) => n > 0 && one.at_ms > (columns[n - 1]?.end_ms ?? 0));
  const count = breaks.filter(Boolean).length;
  const cut = Math.min(CUT, (width * 0.3) / Math.max(1, count));
  const wide = Math.max(1, (width - count * cut) / Math.max(1, columns.length));
  const lefts: number[] = [];
  const cuts: Scale['cuts'] = [];
  let x = 0;
  columns.forEach((one, n) => {
    if (breaks[n]) {
      cuts.push({ x, wide: cut, ms: one.at_ms - (columns[n - 1]?.end_ms ?? 0) });
      x += cut;
    }
    lefts.push(x);
    x += wide;
  });
  const left = (column: number): number => lefts[column] ?? 0;
  const place = (column: number, ms: number): number => {
    const one = columns[column];
    const share = one ? (ms - one.at_ms) / Math.max(1, one.end_ms - one.at_ms) : 0;
    return left(column) + Math.min(1, Math.max(0, share)) * wide;
  };
  const ticks: Scale['ticks'] = [];
  columns.forEach((one, n) => {
    const last = ticks.at(-1);
    if (!last || left(n) - last.x >= 96) ticks.push({ x: left(n), ms: one.at_ms });
  });
  return { wide, left, place, cuts, ticks: ticks.filter((tick) => tick.x < width - WORDS) };
}

// Lanes are called by letters, so that no colour stands alone.
export function letter(lane: number): string {
  const rest = String.fromCharCode(65 + (lane % 26));
  return lane < 26 ? rest : letter(Math.floor(lane / 26) - 1) + rest;
}

const HUES = ['--run', '--file', '--other', '--you'] as const;

export const hue = (lane: number): string => `var(${HUES[lane % HUES.length] ?? '--talk'})`;

// Times of the axis: since the beginning, or with the day where they span more than one.
export function tick(picture: Picture, ms: number): string {
  if ((picture.columns.at(-1)?.end_ms ?? 0) < 12 * 3_600_000) return offset(ms);
  const options = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' } as const;
  return new Date(Date.parse(picture.start) + ms).toLocaleString('en-GB', options);
}

// A path as seen from the folder of the workflow.
export function inside(path: string, folder: string | null): string {
  const root = folder?.replace(/\/+$/, '');
  return root && path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}
