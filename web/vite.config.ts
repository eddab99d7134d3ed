import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build, defineConfig, type Plugin } from 'vite';

// kB, gzip: scripts and styles that every visit loads, and all scripts there are, the player of terminals included.
const MOST = { first: 90, styles: 12, scripts: 280 };

// The app once more as one script and one style, for recordings that are exported as a file (serve/page_file.py).
function inAFile(): Plugin {
  let folder = '';
  return {
    name: 'in-a-file',
    apply: 'build',
    configResolved: (config) => void (folder = config.build.outDir),
    closeBundle: async () => {
      await build({
        configFile: false,
        logLevel: 'error',
        publicDir: false,
        plugins: [svelte()],
        build: {
          outDir: join(folder, 'file'),
          emptyOutDir: true,
          target: 'es2022',
          cssCodeSplit: false,
          reportCompressedSize: false,
          assetsInlineLimit: Infinity,
          modulePreload: false,
          rolldownOptions: {
            input: 'src/main.ts',
            output: { codeSplitting: false, entryFileNames: 'app.js', assetFileNames: 'app[extname]' },
          },
        },
      });
      checkSizes(folder);
    },
  };
}

// A build that has become too large fails.
function checkSizes(folder: string): void {
  const assets = join(folder, 'assets');
  const sizes = readdirSync(assets).map((name) => ({ name, kB: gzipSync(readFileSync(join(assets, name))).length / 1000 }));
  const sum = (fits: (name: string) => boolean) => sizes.reduce((all, one) => all + (fits(one.name) ? one.kB : 0), 0);
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  const found = {
    first: sum((name) => name.endsWith('.js') && page.includes(name)),
    styles: sum((name) => name.endsWith('.css') && page.includes(name)),
    scripts: sum((name) => name.endsWith('.js')),
  };
  for (const [what, kB] of Object.entries(found)) {
    const most = MOST[what as keyof typeof MOST];
    console.log(`${what}: ${kB.toFixed(1)} of ${most} kB gzip`);
    if (kB > most) throw new Error(`${what}: ${kB.toFixed(1)} kB gzip, at most ${most} are allowed`);
  }
}

// No script or style inside the page: the server allows none. What pages share is one file, so that a page is few requests.
export default defineConfig({
  plugins: [svelte(), inAFile()],
  base: '/',
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: 'shared', test: /\/src\/(lib\/(?!inside|Spark)|pages\/Trouble)/ }] } },
    },
  },
  server: { port: 5173, strictPort: true, proxy: { '/api': 'http://127.0.0.1:8151' } },
});
