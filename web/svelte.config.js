import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

const named = new Map();

// The class that binds styles to their component, as short as can be: it stands in every rule and at every element.
function cssHash({ hash, filename }) {
  const name = `s${hash(filename).slice(0, 4)}`;
  if ((named.get(name) ?? filename) !== filename) throw new Error(`${filename} and ${named.get(name)} would share their styles: rename one`);
  named.set(name, filename);
  return name;
}

export default { preprocess: vitePreprocess(), compilerOptions: { cssHash } };
