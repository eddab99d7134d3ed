// Answers out of an exported page. It carries what the server answered, when it was made, to every question that a page
// of this session asks: a template for each page of each answer, as base64 of gzip. What a question leaves out of an
// answer (a type of events, a stream of output) is left out here.

type Row = Record<string, unknown>;

const missing = { code: 'not_exported', message: 'This is not part of the exported file', hint: 'Open it in Tachograph' };
const PICKED = ['type', 'stream', 'status', 'pattern', 'execution'] as const; // words of a question → columns of its rows
const COLUMNS: Record<string, string> = { type: 'event_type', execution: 'execution_id' };

export async function answer(asked: URL): Promise<Response> {
  const shown = /^(.*\/event\/)(\d+)(\/shown)$/.exec(asked.pathname);
  const path = shown ? `${shown[1]}*${shown[3]}` : asked.pathname;
  const pages = [...document.querySelectorAll<HTMLTemplateElement>('template.recorded')].filter((one) => one.dataset['question'] === path);
  if (shown) return found(await one(pages, shown[2] as string));
  const at = Number(asked.searchParams.get('cursor') ?? 0);
  const page = pages[at];
  if (!page) return found(undefined);
  const told = (await unpacked(page)) as Row;
  if ('next_cursor' in told) told['next_cursor'] = at + 1 < pages.length ? String(at + 1) : null;
  if ('end_cursor' in told) told['end_cursor'] = String(at + 1);
  return found(picked(told, asked.searchParams));
}

// Several answers lie in one template, by number.
async function one(pages: HTMLTemplateElement[], number: string): Promise<unknown> {
  const page = pages.find((held) => Number(held.dataset['first']) <= Number(number) && Number(number) <= Number(held.dataset['last']));
  return page && ((await unpacked(page)) as Row)[number];
}

function picked(told: Row, query: URLSearchParams): Row {
  for (const name of PICKED) {
    const wanted = query.get(name);
    if (wanted === null) continue;
    for (const [key, rows] of Object.entries(told)) {
      if (Array.isArray(rows)) told[key] = rows.filter((row: Row) => row[COLUMNS[name] ?? name] === wanted);
    }
  }
  return told;
}

function found(told: unknown): Response {
  return told === undefined ? Response.json({ error: missing }, { status: 404 }) : Response.json(told);
}

async function unpacked(held: HTMLTemplateElement): Promise<unknown> {
  const bytes = Uint8Array.from(atob((held.content.textContent ?? '').trim()), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).json();
}
