// Asking the server, or what an exported page holds of it (source.ts). Questions and answers have the types of the API
// (schema.d.ts). Every error has a message and says what to do next, as on the command line.
import createClient from 'openapi-fetch';

import type { paths } from './schema';
import { answer } from './source';

export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

type Json<O> = O extends { responses: { 200: { content: { 'application/json': infer A } } } } ? A : never;
type Getting<P extends keyof paths> = paths[P] extends { get: infer O } ? O : never;
type Part<O, K extends string> = O extends { parameters: { [N in K]?: infer V } } ? (V extends object ? V : unknown) : unknown;
type Loose<V> = { [N in keyof V]: V[N] | null };

// Paths that answer with JSON.
export type Question = { [P in keyof paths]: Json<Getting<P>> extends never ? never : P }[keyof paths];
export type Answer<P extends Question> = Json<Getting<P>>;
// What a path and its query are given, by name; null and '' are left out.
export type Values<P extends Question> = Loose<Part<Getting<P>, 'query'>> & Part<Getting<P>, 'path'>;

// Paths that something is sent to, what they take and what they answer.
export type Sending = { [P in keyof paths]: paths[P] extends { post: { requestBody: { content: { 'application/json': unknown } } } } ? P : never }[keyof paths];
type Posting<P extends keyof paths> = paths[P] extends { post: infer O } ? O : never;
type Body<P extends Sending> = Posting<P> extends { requestBody: { content: { 'application/json': infer B } } } ? B : never;
type Made<P extends Sending> = Posting<P> extends { responses: infer R } ? { [S in keyof R]: S extends 200 | 201 ? (R[S] extends { content: { 'application/json': infer A } } ? A : never) : never }[keyof R] : never;

type Given = Record<string, string | number | boolean | null | undefined>;
type Asking = (path: string, init: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>;

const client = createClient<paths>({ fetch: answer, headers: { accept: 'application/json' } });

// `get('/api/query/session/{session}/turns', { session: id, limit: 10 })` → the answer. Throws Failure.
export async function get<P extends Question>(path: P, values: Values<P>, signal?: AbortSignal): Promise<Answer<P>> {
  return (await asked(client.GET as Asking, path, { params: split(path, values as Given), signal })) as Answer<P>;
}

// `post('/api/record/feedback', { … })` → what was made of it. Throws Failure.
export async function post<P extends Sending>(path: P, body: Body<P>, values: Given = {}): Promise<Made<P>> {
  return (await asked(client.POST as Asking, path, { params: split(path, values), body })) as Made<P>;
}

// Every page of a list, one after the other, as long as the caller wants more: `key` is the name of its rows.
export async function* list<P extends Question, K extends keyof Answer<P>>(
  path: P,
  values: Values<P>,
  key: K,
  signal?: AbortSignal,
): AsyncGenerator<Answer<P>[K]> {
  let cursor: string | null = null;
  do {
    const page: Answer<P> = await get(path, { ...values, cursor } as Values<P>, signal);
    yield page[key];
    cursor = (page as { next_cursor: string | null }).next_cursor;
  } while (cursor);
}

// The address of a question, for a link to its JSON.
export function twin<P extends Question>(path: P, values: Values<P>): string {
  const parts = split(path, values as Given);
  return address(path.replace(/{(\w+)}/g, (_, name: string) => encodeURIComponent(String(parts.path[name]))), parts.query);
}

// A path with its query; empty values are left out.
export function address(path: string, values: Given = {}): string {
  const query = new URLSearchParams(Object.entries(filled(values)).map(([name, value]) => [name, String(value)]));
  return query.size ? `${path}?${query}` : path;
}

// What is no JSON: a recording of a terminal, say. Throws Failure.
export async function fetched(path: string, values: Given = {}, signal?: AbortSignal): Promise<Response> {
  const response = await answer(new Request(address(path, values), { signal: signal ?? null })).catch(unreachable);
  if (!response.ok) throw failure(response, await response.json().catch(() => null));
  return response;
}

async function asked(ask: Asking, path: string, init: object): Promise<unknown> {
  const { data, error, response } = await ask(path, init).catch(unreachable);
  if (!response.ok) throw failure(response, error);
  return data;
}

function unreachable(error: unknown): never {
  if (error instanceof DOMException && error.name === 'AbortError') throw error;
  throw new Failure(0, 'unreachable', 'The server does not answer', 'Start it with: tachograph up');
}

function failure(response: Response, told: unknown): Failure {
  const fault = (told as { error?: Record<string, string> } | null | undefined)?.error;
  return new Failure(response.status, fault?.['code'] ?? 'failed', fault?.['message'] ?? response.statusText, fault?.['hint'] ?? '');
}

// What belongs into the path, and what into the query.
function split(path: string, values: Given): { path: Given; query: Given } {
  const inPath = new Set([...path.matchAll(/{(\w+)}/g)].map((found) => found[1]));
  const all = Object.entries(filled(values));
  return {
    path: Object.fromEntries(all.filter(([name]) => inPath.has(name))),
    query: Object.fromEntries(all.filter(([name]) => !inPath.has(name))),
  };
}

function filled(values: Given): Given {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== ''));
}
