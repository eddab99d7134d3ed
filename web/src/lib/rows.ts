// Rows as the API gives them, under the names pages use. Every other type of an answer comes from schema.d.ts as well:
// `Row<'ReceiptRow'>`.
import type { components } from './schema';

export type Row<Name extends keyof components['schemas']> = components['schemas'][Name];

export type Status = 'running' | 'waiting' | 'paused' | 'completed' | 'failed' | 'interrupted';

// A session is never without a beginning; only foreign writers could leave it out.
export type Session = Omit<Row<'SessionRow'>, 'status' | 'spawned_at'> & { status: Status; spawned_at: string };

export type Event = Omit<Row<'EventRow'>, 'metadata_json'> & { metadata_json: Record<string, unknown> | null };
