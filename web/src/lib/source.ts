// Where answers come from. Two faces, one question: a server that is asked over HTTP, or the recording that lies in the
// page itself, when it was exported as a file. Nothing above this module knows which of the two it is.

// An exported page carries its data in elements of this class; see inside.ts.
export const live = document.querySelector('template.recorded') === null;

export async function answer(request: Request): Promise<Response> {
  if (live) return fetch(request);
  const inside = await import('./inside');
  return inside.answer(new URL(request.url));
}
