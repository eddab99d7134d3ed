// Every key there is, for the overlay behind `?` and the table in docs/web.md, and when a key is ours at all.

export interface Key {
  keys: string;
  does: string;
}

export interface Group {
  name: string;
  keys: readonly Key[];
}

// One key a line: a test holds the table of docs/web.md equal to this list.
export const KEYS: readonly Group[] = [
  {
    name: 'Everywhere',
    keys: [
      { keys: '/', does: 'search' },
      { keys: 'Ctrl K', does: 'go to a page or a session, by a few letters' },
      { keys: 'g s', does: 'Sessions; g l Live, g f Search, g i Insights, g w Workflows, g a Audit' },
      { keys: 't', does: 'light, dark' },
      { keys: '?', does: 'these keys' },
      { keys: 'Esc', does: 'close, leave an input' },
    ],
  },
  {
    name: 'Lists',
    keys: [
      { keys: 'j k', does: 'next, previous row' },
      { keys: 'Enter', does: 'open it' },
      { keys: 'x c', does: 'pick sessions to be compared, compare them' },
      { keys: 'n N', does: 'next, previous hit of a search' },
    ],
  },
  {
    name: 'A session',
    keys: [
      { keys: 'space', does: 'play, pause' },
      { keys: '← →', does: '5 seconds' },
      { keys: ', . or k j', does: 'one event' },
      { keys: '[ ]', does: 'one turn' },
      { keys: 'E e', does: 'one failure' },
      { keys: '< >', does: 'slower, faster' },
      { keys: '0 … 9', does: 'tenths' },
      { keys: 'l', does: 'follow what is being recorded' },
      { keys: 'w s a d', does: 'closer, wider, left, right' },
      { keys: 'z', does: 'the turn alone, all of it' },
      { keys: 'p', does: 'pin the lane of the chosen event' },
      { keys: 'o O', does: 'fold the turn, all turns' },
      { keys: 'Alt 1 … 9', does: 'tabs' },
      { keys: 'y', does: 'a link to this moment, copied' },
    ],
  },
];

const WRITTEN = 'input:not([type=checkbox]), select, textarea'; // what takes letters itself

// Whether a key is meant for the page: nobody writes, no other program's modifier is held, no dialog is open.
export function meant(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
  const target = event.target;
  if (target instanceof HTMLElement && (target.isContentEditable || target.matches(WRITTEN))) return false;
  // A button or a link that has the focus is what these two press.
  if ((event.key === ' ' || event.key === 'Enter') && target instanceof Element && target.closest('button, a, summary, input')) return false;
  return document.querySelector('dialog[open]') === null;
}
