// The picture of a terminal: the screen of asciinema's player, with neither its clock nor its bar nor its keys. Both come
// from the server when the first terminal is looked at.
import type { Source } from 'asciinema-player';

import type { Dispatch, Driver } from './core';
import './screen.css';

export interface Size {
  columns: number;
  rows: number;
}

export interface Colours {
  foreground: string; // all as #rrggbb
  background: string;
  palette: readonly string[]; // sixteen
}

export const FONT = 'var(--mono)';
export const LINE = 1.25; // em
export const BORDER = 0.75; // em, on each side

export class Screen {
  readonly element: HTMLElement; // its letters are as large as the property --terminal-letter says
  #dispatch: Dispatch;
  #dispose: () => void;

  private constructor(element: HTMLElement, dispatch: Dispatch, dispose: () => void) {
    this.element = element;
    this.#dispatch = dispatch;
    this.#dispose = dispose;
  }

  static async open(size: Size): Promise<Screen> {
    const { create } = await import('asciinema-player');
    const element = document.createElement('div');
    return new Promise((opened) => {
      // A driver is what feeds the player's terminal; this one does what it is told. The player takes functions for
      // drivers, its types do not say so.
      const driver: Driver = ({ dispatch }) => ({
        play: () => opened(new Screen(element, dispatch, () => player.dispose())),
      });
      const player = create(driver as unknown as Source, element, {
        autoPlay: true,
        cols: size.columns,
        rows: size.rows,
        controls: false,
        cursorMode: 'steady',
        fit: 'none',
        theme: 'auto/tachograph',
        adaptivePalette: true,
        terminalFontFamily: FONT,
        terminalFontSize: 'var(--terminal-letter)',
        terminalLineHeight: LINE,
      });
      // Keys are the page's. What cannot have the focus does not get any.
      for (const one of [player.el, player.el.querySelector('pre')]) one?.removeAttribute('tabindex');
    });
  }

  // An empty screen of that size.
  reset(size: Size, colours: Colours): void {
    this.#dispatch('reset', { size: { cols: size.columns, rows: size.rows }, init: '', theme: colours });
  }

  resize(size: Size): void {
    this.#dispatch('resize', { cols: size.columns, rows: size.rows });
  }

  feed(text: string): void {
    this.#dispatch('output', text);
  }

  close(): void {
    this.#dispose();
  }
}
