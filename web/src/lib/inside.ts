// Answers out of an exported page. It carries, for every question that a page of a session asks, what the server
// answered when it was made: a template each, with the address of the question and the answer as base64 of gzip.

const missing = { code: 'not_exported', message: 'This is not part of the exported file', hint: 'Open it in Tachograph' };

export async function answer(asked: URL): Promise<Response> {
  const held = found(asked);
  if (!held) return Response.json({ error: missing }, { status: 404 });
  return new Response(unpacked(held.content.textContent ?? ''), { headers: { 'content-type': held.dataset['type'] ?? '' } });
}

function found(asked: URL): HTMLTemplateElement | undefined {
  const wanted = asked.pathname + sorted(asked.searchParams);
  const all = document.querySelectorAll<HTMLTemplateElement>('template.recorded');
  return [...all].find((one) => one.dataset['question'] === wanted);
}

function sorted(query: URLSearchParams): string {
  const copy = new URLSearchParams(query);
  copy.sort();
  return copy.size ? `?${copy}` : '';
}

function unpacked(text: string): ReadableStream {
  const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  return new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
}
