// Rows of the questions that insights ask, under the names the pages use.
import type { Row } from '../lib/rows';

export type Day = Row<'DayRow'>;
export type Hour = Row<'HourRow'>;
export type Compared = Row<'ComparedRow'>;
export type Failing = Row<'FailureRow'>;
export type Command = Row<'CommandRow'>;
export type File = Row<'FileRow'>;
export type Folder = Row<'FolderRow'>;
export type Objective = Row<'ObjectiveRow'>;
export type Spent = Row<'CostRow'>;

// The run that ended a failure, as far as it is known (recall/fixes.py).
export interface Fixed {
  session_id: string;
  event_id: number | null;
  timestamp: string;
  command: string | null;
  match: string;
  attempts: number;
  edits_total: number;
  edits: { event_id: number; session_id: string; file_path: string | null; diff: string | null }[];
}

export type Ended = Omit<Row<'EndedRow'>, 'fixed_by'> & { fixed_by: Fixed | null };
