// Turns: from one thing a user said to the next. `index` and `behind` are places among the events.
import type { Event } from '../lib/rows';
import { type Columns, FAILED, type ToldTurn } from './columns';

export interface Turn {
  number: number;
  at: number; // ms since the session began
  end: number;
  first: number; // its first event
  index: number; // what the user said, or its first event
  behind: number; // the first event after it
  prompt: string;
  tool_calls: number;
  failed: number;
  rewound: boolean;
}

const TOOLS = new Set(['command', 'file_op', 'tool_call']);

export function turnsOf(told: readonly ToldTurn[], columns: Columns): Turn[] {
  return told.map((one, n) => {
    const behind = told[n + 1]?.first ?? columns.count;
    const said = one.prompt_id === null ? one.first : columns.id.subarray(one.first, behind).indexOf(one.prompt_id) + one.first;
    const index = Math.max(one.first, said);
    return { ...one, number: one.turn, at: columns.at[index] ?? one.at, index, behind };
  });
}

// After events came behind `before`: the last turn goes on, or new ones began.
export function countTurns(
  turns: readonly Turn[],
  columns: Columns,
  before: number,
  row: (index: number) => Event | undefined,
): Turn[] {
  const found = [...turns];
  for (let index = before; index < columns.count; index++) {
    const at = columns.at[index] as number;
    const prompt = columns.type(index) === 'prompt';
    const last = found.at(-1);
    if (!last || (prompt && columns.type(last.index) === 'prompt')) {
      const said = prompt ? (row(index)?.content ?? '') : '';
      found.push({
        ...{ number: found.length + 1, at, end: at, first: index, index, behind: index + 1 },
        ...{ prompt: said.replace(/\s+/g, ' ').trim().slice(0, 120), tool_calls: 0, failed: 0, rewound: false },
      });
      continue;
    }
    found[found.length - 1] = {
      ...last,
      behind: index + 1,
      end: Math.max(last.end, at + (columns.duration[index] as number)),
      tool_calls: last.tool_calls + (TOOLS.has(columns.type(index)) ? 1 : 0),
      failed: last.failed + (wentWrong(columns, index) ? 1 : 0),
    };
  }
  return found;
}

// After one of its events became another, as when it is known how a command ended. `was`: whether it counted as failed.
export function recounted(turn: Turn, columns: Columns, index: number, was: boolean): Turn {
  const end = Math.max(turn.end, (columns.at[index] as number) + (columns.duration[index] as number));
  return { ...turn, end, failed: turn.failed + Number(wentWrong(columns, index)) - Number(was) };
}

// What counts as failed in a turn.
export const wentWrong = (columns: Columns, index: number): boolean =>
  columns.status[index] === FAILED && TOOLS.has(columns.type(index));
