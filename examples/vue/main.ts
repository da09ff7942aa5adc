/** Runs the pages on Vite's development server, which passes on to the service what is meant for it. */
import vue from '@vitejs/plugin-vue';
import { createServer, defaultClientConditions } from 'vite';

const service = process.env.SERVICE_URL ?? 'http://127.0.0.1:3000';

const server = await createServer({
  configFile: false,
  root: import.meta.dirname,
  publicDir: '../public',
  cacheDir: '../../node_modules/.vite/vue',
  plugins: [vue()],
  // Only inside of this repository, whose packages run unbuilt.
  resolve: { conditions: ['holdfast-source', ...defaultClientConditions] },
  server: {
    host: '127.0.0.1',
    port: Number(process.env.PORT ?? 5173),
    // One origin for pages and service, as it should be in production too: cookies need nothing special then.
    proxy: Object.fromEntries(
      ['/unified-auth', '/auth'].map((path) => [path, { target: service, changeOrigin: true }]),
    ),
  },
});

await server.listen();
server.printUrls();
