// What the store holds and whether something is being recorded, asked again when something happened.
import { get, type Failure } from '../lib/api';
import { listen, type Message } from '../lib/live';
import type { Row } from '../lib/rows';
import { live } from '../lib/source';

const SOON = 400; // ms after a session began or ended
const LATER = 5000; // after anything else, and at least every so often while the page is seen

export class Status {
  info = $state.raw<Row<'Info'> | null>(null);
  trouble = $state.raw<Failure | null>(null);
  returned = $state(0); // how often the server was there again
  #due = 0;
  #missed = false; // something happened while nobody looked
  #waiting: ReturnType<typeof setTimeout> | undefined;

  // Until the returned function is called.
  follow(): () => void {
    if (!live) return () => undefined;
    void this.#ask();
    const leave = listen((message) => this.#hear(message));
    const clock = setInterval(() => this.#within(0), 2 * LATER);
    const seen = () => this.#missed && this.#within(0);
    document.addEventListener('visibilitychange', seen);
    return () => {
      leave();
      document.removeEventListener('visibilitychange', seen);
      clearInterval(clock);
      clearTimeout(this.#waiting);
    };
  }

  #hear(message: Message): void {
    if (message.type !== 'heartbeat') this.#within(message.type === 'event' ? LATER : SOON);
  }

  // Nobody sees the answer in a tab that is out of sight.
  #within(ms: number): void {
    this.#missed = document.hidden;
    if (this.#missed) return;
    const due = performance.now() + ms;
    if (this.#waiting !== undefined && this.#due <= due) return;
    clearTimeout(this.#waiting);
    this.#due = due;
    this.#waiting = setTimeout(() => void this.#ask(), ms);
  }

  async #ask(): Promise<void> {
    this.#waiting = undefined;
    try {
      this.info = await get('/api/query/info', {});
      if (this.trouble) this.returned += 1;
      this.trouble = null;
    } catch (error) {
      this.trouble = error as Failure;
    }
  }
}
