// What the timeline looks like: turns as bars, lanes as heights where events are many and as what they were where few are.
import { offset, took } from '../lib/format';
import { px } from '../lib/px';
import { lower } from '../lib/sorted';
import type { Axis } from './axis';
import type { Columns } from './columns';
import { LANES } from './lanes';
import { fitting, type Level } from './pyramid';
import type { Turn } from './turns';

export const LANE = px(24);
export const SCALE = px(22);
const BIN = 4; // px of a bar
const FEW = 1200; // events that are drawn one by one

export type Colour = (name: string) => string;
type Brush = CanvasRenderingContext2D;

export interface Scene {
  columns: Columns;
  axis: Axis;
  places: Float64Array; // of every event
  levels: readonly Level[];
}

export interface Shown {
  from: number; // places, 0 … 1
  to: number;
  width: number; // px
}

export function paintTurns(brush: Brush, colour: Colour, turns: readonly Turn[], axis: Axis, width: number, height: number): void {
  const most = Math.max(1, ...turns.map((turn) => turn.behind - turn.first));
  const usual = share(sum(turns, (turn) => turn.failed), sum(turns, (turn) => turn.tool_calls));
  for (const cut of axis.cuts) paintCut(brush, colour, axis.place(cut.from) * width, axis.place(cut.to) * width, 0, height);
  for (const [n, turn] of turns.entries()) {
    const from = axis.place(turn.at) * width;
    const to = axis.place(Math.min(Math.max(turn.end, turn.at), turns[n + 1]?.at ?? Infinity)) * width;
    const wide = Math.max(2, to - from - 1);
    const tall = 3 + Math.sqrt((turn.behind - turn.first) / most) * (height - 9);
    brush.fillStyle = colour('--talk');
    brush.fillRect(from, height - tall, wide, tall);
    const failed = share(turn.failed, turn.tool_calls);
    if (!turn.failed || (turns.length > 60 && failed < usual * 1.5)) continue;
    const red = Math.max(3, failed * tall);
    brush.fillStyle = colour('--failed');
    brush.fillRect(from, height - red, wide, red);
  }
}

export function paintScale(brush: Brush, colour: Colour, axis: Axis, shown: Shown, height: number): void {
  const x = placing(shown);
  const cuts = axis.cuts.map((cut) => ({ lasted: cut.to - cut.from, from: x(axis.place(cut.from)), to: x(axis.place(cut.to)) }));
  const inSight = cuts.filter(({ from, to }) => to >= 0 && from <= shown.width);
  const taken: [number, number][] = inSight.map(({ from, to }) => [from, to]); // where no time can stand
  for (const { from, to } of inSight) paintCut(brush, colour, from, to, 0, height);
  brush.fillStyle = colour('--soft');
  let free = 0;
  for (const { lasted, from, to } of inSight) {
    const words = `‖ ${took(lasted)}`;
    const wide = brush.measureText(words).width;
    const at = Math.min(Math.max(0, (from + to - wide) / 2), shown.width - wide);
    if (at < free) continue;
    brush.fillText(words, at, px(15));
    taken.push([at, at + wide]);
    free = at + wide + 14;
  }
  paintTimes(brush, colour, axis, shown, height, taken);
}

const APART = px(8); // between two words

function paintTimes(brush: Brush, colour: Colour, axis: Axis, shown: Shown, height: number, taken: [number, number][]): void {
  const span = axis.at(shown.to) - axis.at(shown.from);
  const steps = Math.max(2, Math.floor(shown.width / px(120)));
  for (let n = 0; n <= steps; n++) {
    const at = (n / steps) * shown.width;
    const time = axis.at(shown.from + (n / steps) * (shown.to - shown.from));
    const words = span < 20_000 ? `${offset(time)}.${Math.floor((time % 1000) / 100)}` : offset(time);
    const wide = brush.measureText(words).width;
    const left = Math.min(at, shown.width - wide);
    if (taken.some(([from, to]) => left < to + APART && left + wide + APART > from)) continue;
    taken.push([left, left + wide]);
    brush.fillStyle = colour('--soft');
    brush.fillText(words, left, px(15));
    brush.fillStyle = colour('--line');
    if (n && n < steps) brush.fillRect(Math.round(at), SCALE, 1, height - SCALE);
  }
}

function paintCut(brush: Brush, colour: Colour, from: number, to: number, top: number, height: number): void {
  brush.fillStyle = colour('--raised');
  brush.fillRect(from, top, Math.max(1, to - from), height);
}

export function paintLane(brush: Brush, colour: Colour, scene: Scene, lane: number, top: number, shown: Shown): void {
  const { places, levels } = scene;
  brush.fillStyle = colour('--line');
  brush.fillRect(0, top + LANE - 1, shown.width, 1);
  const [first, behind] = [lower(places, shown.from), lower(places, shown.to)];
  const level = fitting(levels, shown.to - shown.from, shown.width / BIN);
  if (behind - first <= FEW || !level) paintEvents(brush, colour, scene, lane, top, shown, first, behind);
  else paintBins(brush, colour, lane, top, shown, level);
}

function paintBins(brush: Brush, colour: Colour, lane: number, top: number, shown: Shown, level: Level): void {
  const [all, failed, strong] = [level.all[lane], level.failed[lane], level.strong[lane]] as Uint32Array[];
  const [first, last] = [Math.floor(shown.from * level.bins), Math.min(level.bins, Math.ceil(shown.to * level.bins))];
  const joined = Math.max(1, Math.round(((last - first) * BIN) / shown.width)); // bins of the level in a bar
  const x = placing(shown);
  const bars: [at: number, all: number, failed: number, strong: number][] = [];
  for (let bin = first - (first % joined); bin < last; bin += joined) {
    const bar: (typeof bars)[number] = [x(bin / level.bins), 0, 0, 0];
    for (let n = bin; n < bin + joined && n < level.bins; n++) {
      bar[1] += all?.[n] ?? 0;
      bar[2] += failed?.[n] ?? 0;
      bar[3] += strong?.[n] ?? 0;
    }
    if (bar[1]) bars.push(bar);
  }
  const most = Math.max(1, ...bars.map((bar) => bar[1]));
  const usual = share(sum(bars, (bar) => bar[2]), sum(bars, (bar) => bar[1]));
  const tall = (many: number) => 2 + (many / most) * (LANE - 8);
  const wide = Math.max(2, (joined / level.bins / (shown.to - shown.from)) * shown.width - 1);
  const paint = (name: string, height: (bar: (typeof bars)[number]) => number) => {
    brush.fillStyle = colour(name);
    for (const bar of bars) {
      const high = height(bar);
      if (high) brush.fillRect(bar[0], top + LANE - 3 - high, wide, high);
    }
  };
  const files = LANES[lane]?.name === 'files';
  paint(files ? '--pale' : (LANES[lane]?.colour ?? '--talk'), (bar) => tall(bar[1]));
  if (files) paint('--file', (bar) => (bar[3] ? (tall(bar[1]) * bar[3]) / bar[1] : 0));
  if (LANES[lane]?.name === 'failures') return;
  // Some failures are always there: red shows where they are more than usual.
  paint('--failed', (bar) => (bar[2] && bar[2] / bar[1] >= usual * 1.5 ? Math.max(2, (tall(bar[1]) * bar[2]) / bar[1]) : 0));
}

function paintEvents(
  brush: Brush, colour: Colour, scene: Scene, lane: number, top: number, shown: Shown, first: number, behind: number,
): void {
  const { columns, places, axis } = scene;
  const x = placing(shown);
  const failures = LANES[lane]?.name === 'failures';
  for (let n = Math.max(0, first - 40); n < behind; n++) {
    if (columns.lane(n) !== lane && !(failures && columns.failed(n))) continue;
    const from = x(places[n] as number);
    const lasted = columns.duration[n] as number;
    const to = lasted ? x(axis.place((columns.at[n] as number) + lasted)) : from;
    const wide = Math.max(3, to - from - 1);
    if (from + wide < 0) continue;
    const pale = columns.operation(n) === 'read' && !columns.failed(n);
    const talk = LANES[lane]?.name === 'agent';
    brush.fillStyle = colour(columns.failed(n) ? '--failed' : pale ? '--pale' : (LANES[lane]?.colour ?? '--talk'));
    brush.fillRect(from, top + (talk ? 8 : 5), wide, LANE - (talk ? 16 : 10));
    const name = columns.labelOf(n);
    if (wide > 46 && name && !talk) paintName(brush, colour, name, Math.max(0, from), top, Math.min(from + wide, shown.width));
  }
}

function paintName(brush: Brush, colour: Colour, name: string, from: number, top: number, to: number): void {
  brush.save();
  brush.beginPath();
  brush.rect(from, top, to - from - 3, LANE);
  brush.clip();
  brush.fillStyle = colour('--paper');
  brush.fillText(name.split('/').at(-1) ?? name, from + 4, top + px(16));
  brush.restore();
}

const placing = (shown: Shown) => {
  const scale = shown.width / (shown.to - shown.from);
  return (place: number) => (place - shown.from) * scale;
};
const share = (part: number, whole: number): number => (whole ? part / whole : 0);
const sum = <T>(of: readonly T[], value: (one: T) => number): number => of.reduce((total, one) => total + value(one), 0);

const LOOKED_AT = 5000; // events before a point, at most

// The event of a lane that a place means: the one that lasts until there, or the nearest that is not further than `near`.
export function nearest(scene: Scene, lane: number, place: number, near: number): number {
  const { columns, places, axis } = scene;
  const failures = LANES[lane]?.name === 'failures';
  const time = axis.at(place);
  const from = lower(places, place + near) - 1;
  let [best, least] = [-1, near];
  for (let n = from; n >= 0 && n > from - LOOKED_AT; n--) {
    if (columns.lane(n) !== lane && !(failures && columns.failed(n))) continue;
    const begun = columns.at[n] as number;
    if (begun <= time && time <= begun + (columns.duration[n] as number)) return n;
    const far = Math.abs((places[n] as number) - place);
    if (far < least) [best, least] = [n, far];
  }
  return best;
}
