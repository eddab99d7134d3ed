// The columns of the list. Which of them are shown is in the address.
import type { Sort } from './asked';

export interface Column {
  name: string;
  title: string;
  usual: boolean;
  by?: Sort;
}

export const COLUMNS: readonly Column[] = [
  { name: 'agent', title: 'Agent', usual: true },
  { name: 'project', title: 'Project', usual: true },
  { name: 'branch', title: 'Branch', usual: false },
  { name: 'model', title: 'Model', usual: false },
  { name: 'when', title: 'Begun', usual: true, by: 'newest' },
  { name: 'duration', title: 'Took', usual: true, by: 'duration' },
  { name: 'events', title: 'Events', usual: true, by: 'events' },
  { name: 'shape', title: 'Activity', usual: true },
  { name: 'tokens', title: 'Tokens', usual: false },
  { name: 'failures', title: 'Failures', usual: true, by: 'failures' },
  { name: 'cost', title: 'Cost', usual: true, by: 'cost' },
];

export function shown(asked: string | null): ReadonlySet<string> {
  const usual = COLUMNS.filter((one) => one.usual).map((one) => one.name);
  return new Set(asked === null ? usual : asked.split(','));
}
