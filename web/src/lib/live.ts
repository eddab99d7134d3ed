// What happens now. One connection for all tabs of this browser: browsers allow six to a server, and tabs are many. The
// tab that gets the lock listens and tells the others.

import { live } from './source';

export interface Message {
  type: 'event' | 'snapshot' | 'state' | 'end' | 'heartbeat' | 'gap';
  id: number | null;
  session_id: string | null;
  event?: Record<string, unknown> | null;
}

const TYPES = ['event', 'state', 'end', 'gap'] as const;

export function listen(hear: (message: Message) => void): () => void {
  if (!live) return () => undefined; // an exported page knows its end
  const channel = new BroadcastChannel('tachograph-live');
  const left = new AbortController();
  let source: EventSource | null = null;
  channel.onmessage = (told: MessageEvent<Message>) => hear(told.data);
  navigator.locks
    .request('tachograph-live', { signal: left.signal }, () => {
      source = new EventSource('/api/live');
      for (const type of TYPES) {
        source.addEventListener(type, (told) => {
          const message = JSON.parse((told as MessageEvent<string>).data) as Message;
          hear(message);
          channel.postMessage(message);
        });
      }
      return new Promise<void>((done) => left.signal.addEventListener('abort', () => done()));
    })
    .catch(() => undefined); // left before it was our turn
  return () => {
    left.abort();
    source?.close();
    channel.close();
  };
}
