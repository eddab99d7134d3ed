// What happens now. One connection for all tabs of this browser: browsers allow six to a server, and tabs are many. The
// tab that gets the lock listens and tells the others, some messages at a time; when it goes, the next one goes on where
// it was.

import { live } from './source';

export interface Message {
  type: 'event' | 'snapshot' | 'state' | 'end' | 'heartbeat' | 'gap';
  id: number | null;
  session_id: string | null;
  event?: Record<string, unknown> | null;
  cursor?: string; // where to go on after it
}

// The session that somebody deleted, if that is what is told.
export const deleted = ({ type, session_id, event }: Message): string | null => (type === 'state' && !event ? session_id : null);

type Hear = (message: Message) => void;

const TYPES = ['event', 'state', 'end', 'gap', 'heartbeat'] as const;
const NAME = 'tachograph-live';
const AGAIN = 10_000; // ms until who was refused asks again
const TOGETHER = 50; // ms in which what comes is told together; after a silence at once

const hearing = new Set<Hear>();
let leave: (() => void) | null = null;
let reached: string | undefined; // the cursor of what this tab heard last

// `hear` is told all that happens until the returned function is called.
export function listen(hear: Hear): () => void {
  if (!live) return () => undefined; // an exported page knows its end
  hearing.add(hear);
  leave ??= join();
  return () => {
    hearing.delete(hear);
    if (hearing.size) return;
    leave?.();
    leave = null;
  };
}

function take(told: readonly string[]): void {
  for (const text of told) {
    const message = JSON.parse(text) as Message;
    reached = message.cursor ?? reached;
    if (message.type !== 'heartbeat') for (const hear of hearing) hear(message);
  }
}

function join(): () => void {
  const channel = new BroadcastChannel(NAME);
  const left = new AbortController();
  channel.onmessage = (told: MessageEvent<string[]>) => take(told.data);
  navigator.locks.request(NAME, { signal: left.signal }, () => lead(channel, left.signal)).catch(() => undefined); // left before
  return () => {
    left.abort();
    channel.close();
  };
}

// Until it is left: who has the lock is the only one that does this.
function lead(channel: BroadcastChannel, left: AbortSignal): Promise<void> {
  let source: EventSource;
  let refused: ReturnType<typeof setTimeout> | undefined;
  let waiting: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let next = 0; // when it tells again
  const now = new MessageChannel();
  const tell = () => {
    next = performance.now() + TOGETHER;
    const told = waiting;
    waiting = [];
    take(told);
    channel.postMessage(told);
  };
  now.port1.onmessage = tell;
  const heard = (told: Event) => {
    waiting.push((told as MessageEvent<string>).data);
    if (waiting.length > 1) return;
    const left = next - performance.now();
    // Timers of a tab that is out of sight go once a second: it tells what came in one piece, as soon as it came.
    if (left <= 0 || document.hidden) now.port2.postMessage(null);
    else timer = setTimeout(tell, left);
  };
  const open = () => {
    source = new EventSource(reached ? `/api/live?after=${encodeURIComponent(reached)}` : '/api/live');
    for (const type of TYPES) source.addEventListener(type, heard);
    // A browser comes again by itself when the line breaks, but not when it is refused, as by a server that is busy.
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) refused = setTimeout(open, AGAIN);
    };
  };
  open();
  return new Promise((done) =>
    left.addEventListener('abort', () => {
      source.close();
      clearTimeout(timer);
      clearTimeout(refused);
      now.port1.close();
      done();
    }),
  );
}
