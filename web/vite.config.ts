import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// No script or style inside the page: the server allows none.
export default defineConfig({
  plugins: [svelte()],
  base: '/',
  build: { target: 'es2022', modulePreload: { polyfill: false }, reportCompressedSize: false, assetsInlineLimit: 0 },
  server: { port: 5173, strictPort: true, proxy: { '/api': 'http://127.0.0.1:8151' } },
});
