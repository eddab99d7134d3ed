// The address is the state of a page: what can be seen can be linked to. An exported page is one file: there the state
// stands behind the #.
import { live } from './source';

const opens = document.documentElement.dataset['opens'] ?? '/';

const here = (): URL => (live ? new URL(location.href) : new URL(location.hash.slice(1) || opens, 'http://recorded'));
const shown = (address: string): string => (live ? address : `#${address}`);

// What is kept of a page that was left: who comes back finds it where it was.
interface Left {
  scrolled: number; // px
}

const SOON = 2000; // ms in which a page has its rows again
const TOUCHED = ['wheel', 'keydown', 'pointerdown', 'touchstart'];

// Scrolls as soon as the page is as high as that, unless somebody does by then.
async function scrolledTo(top: number): Promise<void> {
  const until = performance.now() + SOON;
  const touched = new AbortController();
  for (const name of TOUCHED) addEventListener(name, () => touched.abort(), { signal: touched.signal, passive: true });
  while (top && !touched.signal.aborted && performance.now() < until) {
    await new Promise(requestAnimationFrame);
    scrollTo(0, top);
    if (Math.abs(scrollY - top) < 2) break;
  }
  touched.abort();
}

class Router {
  path = $state(here().pathname);
  query = $state(here().searchParams);

  constructor() {
    addEventListener('popstate', () => {
      this.#read();
      void scrolledTo((history.state as Left | null)?.scrolled ?? 0);
    });
    addEventListener('click', (event) => this.#click(event));
  }

  go(address: string): void {
    history.replaceState({ scrolled: scrollY } satisfies Left, '');
    history.pushState(null, '', shown(address));
    this.#read();
    scrollTo(0, 0);
  }

  // Change some words of the query; an empty one is left out. Moments of a replay replace the entry of the history.
  set(values: Record<string, string | null>, replace = false): void {
    const { pathname, searchParams: query } = here();
    for (const [name, value] of Object.entries(values)) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    const text = query.toString();
    const address = shown(pathname + (text ? `?${text}` : ''));
    if (replace) history.replaceState(history.state, '', address);
    else history.pushState(null, '', address);
    this.#read();
  }

  #read(): void {
    const { pathname, searchParams } = here();
    this.path = pathname;
    this.query = searchParams;
  }

  #click(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || link.origin !== location.origin || link.target || link.hasAttribute('download')) return;
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const address = live ? link.pathname + link.search : (link.getAttribute('href') ?? '');
    if (address.startsWith('/api/') && live) return;
    if (address.startsWith('#')) return;
    event.preventDefault();
    if (!address.startsWith('/api/')) this.go(address === '/' ? opens : address);
  }
}

export const router = new Router();
