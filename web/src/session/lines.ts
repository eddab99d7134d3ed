// The lines of the list: a header for every turn, below it its events unless it is folded. Lines are counted from 0; where
// one is can be told without walking through those before it.
import { howMany } from '../lib/sorted';
import type { Columns } from './columns';
import type { Turn } from './turns';

export type Line = { turn: Turn | undefined; index: number; header: boolean };

export class Lines {
  readonly count: number;
  readonly #tops: number[] = []; // the line of every turn's header

  constructor(
    readonly columns: Columns,
    readonly turns: readonly Turn[],
    readonly folded: ReadonlySet<number>, // numbers of turns
  ) {
    let line = 0;
    for (const turn of turns) {
      this.#tops.push(line);
      line += 1 + (folded.has(turn.number) ? 0 : this.#below(turn));
    }
    this.count = turns.length ? line : columns.count;
  }

  at(line: number): Line {
    const turn = this.turnAt(line);
    if (!turn) return { turn, index: line, header: false };
    const down = line - (this.#tops[turn.number - 1] as number);
    if (!down) return { turn, index: turn.index, header: true };
    return { turn, index: turn.first + down - (this.#said(turn) ? 0 : 1), header: false };
  }

  // The line of an event; that of its turn's header when it is folded, or what the turn began with.
  of(index: number): number {
    if (!this.turns.length || index < 0) return index;
    const turn = this.turns[this.#last((one) => one.first <= index)] as Turn;
    const top = this.#tops[turn.number - 1] as number;
    if (this.folded.has(turn.number) || (this.#said(turn) && index === turn.index)) return top;
    return top + index - turn.first + (this.#said(turn) ? 0 : 1);
  }

  top(turn: Turn): number {
    return this.#tops[turn.number - 1] ?? 0;
  }

  turnAt(line: number): Turn | undefined {
    return this.turns[this.#last((one) => (this.#tops[one.number - 1] as number) <= line)];
  }

  #below(turn: Turn): number {
    return turn.behind - turn.first - (this.#said(turn) ? 1 : 0);
  }

  // What the user said is the turn's header, and no line besides.
  #said(turn: Turn): boolean {
    return turn.index === turn.first && this.columns.type(turn.first) === 'prompt';
  }

  #last(fits: (turn: Turn) => boolean): number {
    return Math.max(0, howMany(this.turns.length, (n) => fits(this.turns[n] as Turn)) - 1);
  }
}
