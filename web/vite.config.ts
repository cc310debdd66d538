/** Builds the page into `.build/web`, where the station serves it from `/`. */
import { defineConfig } from 'vite';

export default defineConfig({
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../.build/web',
    emptyOutDir: true,
    target: 'es2022',
    // Everything stays a file of its own: a strict Content-Security-Policy allows no `data:`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
