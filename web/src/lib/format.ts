// Values as people read them. Times are ISO texts or milliseconds since 1970, durations milliseconds.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// Made once: to make one takes a hundred times as long as to use it.
const COUNT = new Intl.NumberFormat('en-US');
const SHORT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
const MOMENT = { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const FULL = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const WHEN = new Intl.DateTimeFormat('en-GB', MOMENT);

const LONGEST = 60; // characters of a name beside others
const LEFTWARD = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
const ACTS = /\x1b\[[0-9;?]*[ -/]*[@-~]|[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

export const number = (value: number): string => COUNT.format(value);

// 1,234 as it is, more in short: 1.2 M.
export function many(value: number): string {
  if (value < 10_000) return number(value);
  return SHORT.format(value).replace('K', ' k').replace(/([A-Z])$/, ' $1');
}

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export function plural(count: number, noun: string, several = `${noun}s`): string {
  return `${number(count)} ${count === 1 ? noun : several}`;
}

export function took(ms: number | null): string {
  if (ms === null) return '';
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} m ${pad(Math.floor((ms % MINUTE) / SECOND))} s`;
  if (ms >= 2 * DAY) return `${Math.floor(ms / DAY)} d ${Math.floor((ms % DAY) / HOUR)} h`;
  return `${Math.floor(ms / HOUR)} h ${pad(Math.floor((ms % HOUR) / MINUTE))} m`;
}

// Since the beginning: 1:02:03.
export function offset(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

export function ago(iso: string, now: number): string {
  const ms = now - Date.parse(iso);
  if (ms < MINUTE) return 'now';
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} m ago`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ago`;
  if (ms < 7 * DAY) return `${Math.floor(ms / DAY)} d ago`;
  return DATE.format(new Date(iso));
}

export function day(iso: string, now: number): string {
  const then = new Date(iso);
  const days = Math.round((midnight(new Date(now)) - midnight(then)) / DAY);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return FULL.format(then);
}

// `$1,204.50`; of less than a dime one digit more: `$0.004`. Sums made in another order are the same sum.
export function money(usd: number | null): string {
  if (usd === null) return '';
  const digits = usd >= 0.0995 || usd === 0 ? 2 : 3;
  const shown = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `$${(Math.round(usd * 1e9) / 1e9).toLocaleString('en-US', shown)}`;
}

export const clockTime = (iso: string): string => WHEN.format(new Date(iso));

export function project(folder: string | null): string {
  return folder?.replace(/[\\/]+$/, '').split(/[\\/]/).pop() ?? '';
}

// The first line of a text, as far as anybody reads it.
export const firstLine = (text: string): string => plain(text.trimStart().slice(0, 600)).split('\n', 1)[0]?.slice(0, 300) ?? '';

// How a session is called.
export const nameOf = (one: { title: string | null; command: string | null; id: string }): string =>
  plain(one.title ?? '').trim() || plain(one.command ?? '').trim() || one.id;

// Names beside each other, as far as anybody reads them; what is written from right to left keeps to its place.
export function beside(...names: (string | null | undefined)[]): string {
  const short = names.flatMap((name) => (!name ? [] : name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name));
  return short.map((name) => (LEFTWARD.test(name) ? `\u2068${name}\u2069` : name)).join(' · ');
}

// Without what would move a cursor, colour or turn letters round: a page shows it as boxes, or not where it stands.
const plain = (text: string): string => text.replace(ACTS, '');

const midnight = (date: Date): number => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
const pad = (value: number): string => String(value).padStart(2, '0');
