// Stands in for the core of asciinema's player when the app is built (vite.config.ts): theirs has a clock, and readers of
// every kind of recording and stream. Here the terminal is fed, so all that is left is to pass on what it is fed.
type Hear = (told: unknown) => void;
export type Dispatch = (name: 'reset' | 'resize' | 'output', told: unknown) => void;
export type Driver = (given: { dispatch: Dispatch }) => { play: () => void };

class Core {
  #hearing = new Map<string, Set<Hear>>();

  constructor(readonly driver: Driver) {}

  init(): Promise<void> {
    return Promise.resolve();
  }

  // Its terminal hears from now on.
  terminalReady(): void {
    this.driver({ dispatch: (name, told) => this.#hearing.get(name)?.forEach((hear) => hear(told)) }).play();
  }

  addEventListener(name: string, hear: Hear): void {
    this.#hearing.set(name, (this.#hearing.get(name) ?? new Set()).add(hear));
  }

  removeEventListener(name: string, hear: Hear): void {
    this.#hearing.get(name)?.delete(hear);
  }

  stop(): void {
    this.#hearing.clear();
  }
}

export { Core as C };
