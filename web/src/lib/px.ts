// Whoever wants larger letters than usual gets all that holds them larger, too: styles by rem (vite.config.ts), what scripts
// measure by this.
const LETTERS = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

export const px = (usual: number): number => usual * LETTERS;
