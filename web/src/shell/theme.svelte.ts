// Light, dark, or as the system has it: kept by the browser, and told to everybody who draws by an attribute.

const THEMES = ['', 'light', 'dark'] as const;
export const NAMES = { '': 'as the system', light: 'light', dark: 'dark' } as const;

// A page that was opened from a file may have no storage.
function kept(): (typeof THEMES)[number] {
  try {
    const found = localStorage.getItem('theme');
    return found === 'light' || found === 'dark' ? found : '';
  } catch {
    return '';
  }
}

class Theme {
  now = $state(kept());

  constructor() {
    this.#show();
  }

  turn(): void {
    this.now = THEMES[(THEMES.indexOf(this.now) + 1) % THEMES.length] ?? '';
    try {
      if (this.now) localStorage.setItem('theme', this.now);
      else localStorage.removeItem('theme');
    } catch {
      // then only until the page is closed
    }
    this.#show();
  }

  #show(): void {
    if (this.now) document.documentElement.dataset['theme'] = this.now;
    else delete document.documentElement.dataset['theme'];
  }
}

export const theme = new Theme();
