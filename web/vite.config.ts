import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build, defineConfig, type Plugin } from 'vite';

// kB, gzip: scripts that every visit loads; all scripts there are, the player of terminals included; all styles as one file.
const MOST = { first: 90, scripts: 200, styles: 12 };

// Who wants larger letters than usual (16 px) gets all that holds them larger, too: sizes become rem, where there is room for
// columns is asked in em. Scripts measure with `px` of lib/format.ts.
const SIZES = /^(font|font-size|line-height|(min-|max-)?(height|width)|grid-template(-columns|-rows)?|flex|--bar|--foot)$/;
const USUAL = 16;
const HAIR = 4; // px, below which a line stays as it is
const inUnits = (text: string, unit: string) =>
  text.replace(/\b\d*\.?\d+px/g, (size) => (parseFloat(size) < HAIR ? size : `${parseFloat(size) / USUAL}${unit}`));
const css = {
  postcss: {
    plugins: [
      {
        postcssPlugin: 'sizes',
        Declaration: (one: { prop: string; value: string }) => void (SIZES.test(one.prop) && one.value.includes('px') && (one.value = inUnits(one.value, 'rem'))),
        AtRule: { media: (one: { params: string }) => void (one.params = inUnits(one.params, 'em')) },
      },
    ],
  },
};

// asciinema's player, but for its core: ours takes its place, which is a fourth of its size.
const fedPlayer = (): Plugin => ({
  name: 'fed-player',
  enforce: 'pre',
  resolveId: (source, importer) =>
    importer?.includes('/asciinema-player/dist/') && /^\.\/core-[\w-]+\.js$/.test(source) ? resolve('src/terminal/core.ts') : null,
});

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
        plugins: [fedPlayer(), svelte()],
        css,
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
  const kB = (...path: string[]) => gzipSync(readFileSync(join(folder, ...path))).length / 1000;
  const scripts = readdirSync(assets).filter((name) => name.endsWith('.js'));
  const sum = (names: string[]) => names.reduce((all, name) => all + kB('assets', name), 0);
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  const found = {
    first: sum(scripts.filter((name) => page.includes(name))),
    scripts: sum(scripts),
    styles: kB('file', 'app.css'),
  };
  for (const [what, size] of Object.entries(found)) {
    const most = MOST[what as keyof typeof MOST];
    console.log(`${what}: ${size.toFixed(1)} of ${most} kB gzip`);
    if (size > most) throw new Error(`${what}: ${size.toFixed(1)} kB gzip, at most ${most} are allowed`);
  }
}

// No script or style inside the page: the server allows none. What pages share is one file, so that a page is few requests.
export default defineConfig({
  plugins: [fedPlayer(), svelte(), inAFile()],
  css,
  base: '/',
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'shared', test: /\/src\/(lib\/(?!inside|Spark)|pages\/Trouble)/ },
            { name: 'insights', test: /\/src\/(insights\/(?!compare|Treemap)|pages\/(Insights|Failures|Cluster|Commands|Cost|Extractions|Objectives?)\.)/ },
          ],
        },
      },
    },
  },
  server: { port: 5173, strictPort: true, proxy: { '/api': 'http://127.0.0.1:8151' } },
});
