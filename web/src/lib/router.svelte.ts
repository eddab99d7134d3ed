// The address is the state of a page: what can be seen can be linked to. An exported page is one file: there the state
// stands behind the #.
import { live } from './source';

const opens = document.documentElement.dataset['opens'] ?? '/';

const here = (): URL => (live ? new URL(location.href) : new URL(location.hash.slice(1) || opens, 'http://recorded'));
const shown = (address: string): string => (live ? address : `#${address}`);

class Router {
  path = $state(here().pathname);
  query = $state(here().searchParams);

  constructor() {
    addEventListener('popstate', () => this.#read());
    addEventListener('click', (event) => this.#click(event));
  }

  go(address: string): void {
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
    if (replace) history.replaceState(null, '', address);
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
