// Asking the server. Every error has a message and says what to do next, as on the command line.

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

type Values = Record<string, string | number | boolean | null | undefined>;

export function address(path: string, values: Values = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

export async function ask<T>(path: string, values: Values = {}, signal?: AbortSignal): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(address(path, values), { signal: signal ?? null, headers: { accept: 'application/json' } });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Failure(0, 'unreachable', 'The server does not answer', 'Start it with: tachograph up');
  }
  if (answer.ok) return (await answer.json()) as T;
  const told = (await answer.json().catch(() => null)) as { error?: Record<string, string> } | null;
  const fault = told?.error;
  throw new Failure(answer.status, fault?.code ?? 'failed', fault?.message ?? answer.statusText, fault?.hint ?? '');
}

// Every page of a list, one after the other, as long as the caller wants more.
export async function* pages<T>(path: string, values: Values, key: string, signal: AbortSignal): AsyncGenerator<T[]> {
  let cursor: string | null = null;
  do {
    const page: Record<string, unknown> = await ask(path, { ...values, cursor }, signal);
    yield page[key] as T[];
    cursor = page['next_cursor'] as string | null;
  } while (cursor);
}
