import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** Where `npm run dev` finds a running API. */
const api = process.env['SCALP_RADAR_API'] ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: '.build', // `scripts/publish.mjs` puts it in the place of what is served
    target: 'es2022',
    assetsInlineLimit: 0, // nothing inline: the pages' Content-Security-Policy refuses it
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 400,
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': api,
      '/health': api,
      '/ws': { target: api, ws: true, rewriteWsOrigin: true },
    },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
