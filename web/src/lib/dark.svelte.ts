// Whether the page is dark now: as the system has it, or as somebody chose. For what is drawn and not styled.

class Dark {
  now = $state(false);

  constructor() {
    const system = matchMedia('(prefers-color-scheme: dark)');
    const read = () => {
      const chosen = document.documentElement.dataset['theme'];
      this.now = chosen ? chosen === 'dark' : system.matches;
    };
    system.addEventListener('change', read);
    new MutationObserver(read).observe(document.documentElement, { attributeFilter: ['data-theme'] });
    read();
  }
}

export const dark = new Dark();
