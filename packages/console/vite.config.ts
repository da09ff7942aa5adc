/** Builds the pages into dist/, with nothing inline: the service's content security policy allows no inline code. */
import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';

const SERVICE = process.env.SERVICE_URL ?? 'http://127.0.0.1:4455';
const ASKED_OF_THE_SERVICE = ['/unified-auth', '/auth', '/healthz', '/readyz', '/openapi.json'];

export default defineConfig({
  plugins: [react()],
  // The library's sources, unbuilt, as everything else in this repository.
  resolve: { conditions: ['holdfast-source', ...defaultClientConditions] },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { main: 'index.html', frame: 'frame/index.html', embed: 'src/embed/embed.ts' },
      // Other sites name it in their pages.
      output: { entryFileNames: ({ name }) => (name === 'embed' ? 'frame/embed.js' : 'assets/[name]-[hash].js') },
    },
  },
  server: {
    host: '127.0.0.1',
    // The service trusts its own origin only, so the proxy speaks in its name.
    proxy: Object.fromEntries(
      ASKED_OF_THE_SERVICE.map((path) => [
        path,
        { target: SERVICE, changeOrigin: true, headers: { origin: SERVICE, 'sec-fetch-site': 'same-origin' } },
      ]),
    ),
  },
});
