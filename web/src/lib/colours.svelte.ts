// Colours of the style sheet for what is drawn on a canvas, and when they change.
class Theme {
  turns = $state(0); // how often the colours changed: read it where one draws

  constructor() {
    const turned = () => (this.turns += 1);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', turned);
    new MutationObserver(turned).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  }
}

export const theme = new Theme();

// What `--run` and the like are at a place, as a colour that a canvas understands.
export function colours(at: HTMLElement): (name: string) => string {
  const probe = document.createElement('span');
  probe.hidden = true;
  at.append(probe);
  const found = new Map<string, string>();
  const style = getComputedStyle(probe);
  const read = (name: string) => {
    probe.style.color = `var(${name})`;
    return style.color;
  };
  for (const name of ['--paper', '--line', '--soft', '--ink', '--accent', '--failed', '--raised', '--pale', ...PALETTE]) found.set(name, read(name));
  probe.remove();
  return (name) => found.get(name) ?? 'currentColor';
}

// For kinds that have no colour of their own (agents, models), in the order of how much they matter. Never red.
export const PALETTE = ['--run', '--file', '--other', '--gold', '--you', '--talk'] as const;
