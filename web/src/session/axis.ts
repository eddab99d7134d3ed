// From real time to the width of a page: long silences are cut to a mark, or lunch would be most of the picture.

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

export function axis(times: readonly number[], end: number): Axis {
  const cuts: Cut[] = [];
  let before = 0;
  for (const time of [...times, end]) {
    if (time - before > IDLE && time - before > end / 50) cuts.push({ from: before, to: time });
    before = Math.max(before, time);
  }
  const silent = cuts.reduce((sum, cut) => sum + cut.to - cut.from, 0);
  const share = Math.min(SHARE, 0.5 / Math.max(1, cuts.length));
  const scale = (1 - cuts.length * share) / Math.max(1, end - silent);
  // Knots of a line: between two of them time goes evenly.
  const knots: [time: number, place: number][] = [[0, 0]];
  for (const cut of cuts) {
    const [time, place] = knots.at(-1) as [number, number];
    const reached = place + (cut.from - time) * scale;
    knots.push([cut.from, reached], [cut.to, reached + share]);
  }
  const [time, place] = knots.at(-1) as [number, number];
  knots.push([end, place + (end - time) * scale]);
  return { cuts, place: (at) => between(knots, at, 0, 1), at: (where) => between(knots, where, 1, 0) };
}

function between(knots: readonly [number, number][], value: number, from: 0 | 1, to: 0 | 1): number {
  for (let n = 1; n < knots.length; n++) {
    const [one, other] = [knots[n - 1] as [number, number], knots[n] as [number, number]];
    if (value <= other[from] || n === knots.length - 1) {
      const span = other[from] - one[from];
      const share = span > 0 ? Math.min(1, Math.max(0, (value - one[from]) / span)) : 0;
      return one[to] + share * (other[to] - one[to]);
    }
  }
  return 0;
}
