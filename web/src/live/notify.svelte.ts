// Notifications of the system, if somebody wants them: of sessions that wait for somebody, and of those that failed.
import type { Session } from '../lib/rows';
import { nameOf } from '../lib/format';

const KEY = 'notify';

class Notify {
  wanted = $state(false);
  readonly possible = 'Notification' in globalThis;

  constructor() {
    this.wanted = this.possible && Notification.permission === 'granted' && localStorage.getItem(KEY) === 'yes';
  }

  async turn(): Promise<void> {
    if (this.wanted) this.wanted = false;
    else this.wanted = (await Notification.requestPermission()) === 'granted';
    if (this.wanted) localStorage.setItem(KEY, 'yes');
    else localStorage.removeItem(KEY);
  }

  // Who looks at the page sees it there. Several tabs have one notification: it has a name.
  of(session: Session): void {
    if (!this.wanted || !document.hidden) return;
    const words = { waiting: 'waits for you', failed: 'has failed' }[session.status as string];
    if (!words) return;
    const shown = new Notification(`${session.agent} ${words}`, { body: nameOf(session), tag: `${session.id} ${words}` });
    shown.onclick = () => {
      window.focus();
      location.assign(`/sessions/${encodeURIComponent(session.id)}`);
    };
  }
}

export const notify = new Notify();
