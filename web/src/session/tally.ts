// What is counted of a session's events while they come: by lane, what failed, and what the names of the tabs say. An event
// that is told better is taken out and put in again, so that nothing is ever counted from the beginning.
import { lower } from '../lib/sorted';
import type { Columns } from './columns';
import { isChange } from './grouping';
import { LANES } from './lanes';

const FAILURES = LANES.length - 1;

export class Tally {
  readonly lanes = LANES.map(() => 0);
  commands = 0;
  changes = 0;
  failures: readonly number[] = []; // indices, ascending; another array whenever they are others

  #files = new Map<number, number>(); // events by label
  #failed: number[] = [];

  get files(): number {
    return this.#files.size;
  }

  // `by`: 1 when the event was put in, -1 before it is taken out.
  count(columns: Columns, index: number, by: 1 | -1): void {
    const [lane, type] = [columns.lane(index), columns.type(index)];
    this.lanes[lane]! += by;
    if (type === 'command') this.commands += by;
    else if (type === 'file_op') {
      if (isChange(columns, index)) this.changes += by;
      const label = columns.label[index] as number;
      const left = (this.#files.get(label) ?? 0) + by;
      if (left) this.#files.set(label, left);
      else this.#files.delete(label);
    }
    if (!columns.failed(index)) return;
    if (lane !== FAILURES) this.lanes[FAILURES]! += by;
    if (by > 0) this.#failed.splice(lower(this.#failed, index), 0, index);
    else this.#failed.splice(lower(this.#failed, index), 1);
  }

  // After some were counted.
  tell(): void {
    const [known, found] = [this.failures, this.#failed];
    if (known.length !== found.length || known.some((one, n) => one !== found[n])) this.failures = [...found];
  }
}
