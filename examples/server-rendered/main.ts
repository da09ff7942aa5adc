/** Serves the example on Node, with Vite for the browser's modules. Deno, Bun and frameworks take `app.fetch` as it is. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import react from '@vitejs/plugin-react';
import { createServer as createVite, defaultClientConditions, defaultServerConditions } from 'vite';
import { type App, createApp } from './app.ts';
import type { PageFacts } from './page.tsx';

const port = Number(process.env.PORT ?? 3000);
const template = readFileSync(new URL('index.html', import.meta.url), 'utf8');
const server = createServer();
const vite = await createVite({
  configFile: false,
  root: import.meta.dirname,
  publicDir: '../public',
  cacheDir: '../../node_modules/.vite/server-rendered',
  appType: 'custom',
  plugins: [react()],
  // Only inside of this repository, whose packages run unbuilt.
  resolve: { conditions: ['holdfast-source', ...defaultClientConditions] },
  ssr: { resolve: { conditions: ['holdfast-source', ...defaultServerConditions] } },
  server: { middlewareMode: { server }, hmr: { server } },
});

const app: App = createApp({
  secrets: process.env.SESSION_SECRET ?? '',
  directory: process.env.DATA_DIR ?? './data',
  origin: `http://localhost:${port}`,
  async render(facts: PageFacts, head: string) {
    const { render } = (await vite.ssrLoadModule('/render.tsx')) as typeof import('./render.tsx');
    const document = await vite.transformIndexHtml(facts.path, template);
    const root = `<div id="root" data-note="${toAttribute(facts.note)}">${render(facts)}</div>`;
    return document.replace('<!--page-->', () => root + head);
  },
});

function toAttribute(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  try {
    const { method = 'GET', url = '/', headersDistinct } = incoming;
    const headers = new Headers();
    for (const [name, values] of Object.entries(headersDistinct))
      for (const value of values ?? []) headers.append(name, value);
    const body = method === 'GET' || method === 'HEAD' ? null : await buffer(incoming);
    const request = new Request(new URL(url, 'http://localhost'), { method, headers, body });
    const response = await app.fetch(request).catch(() => new Response('Something failed\n', { status: 500 }));
    outgoing.statusCode = response.status;
    for (const [name, value] of response.headers) outgoing.appendHeader(name, value);
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  } catch {
    // No request can be made of it (TRACE, `GET //`), or an upload stopped half-way: a rejection would end the process.
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(400).end('Bad request\n');
  }
}

// What is not one of the browser's modules is for the application.
server.on('request', (request, response) => vite.middlewares(request, response, () => void serve(request, response)));
server.listen(port, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`listening on http://localhost:${(server.address() as AddressInfo).port}\n`);
process.once('SIGTERM', async () => {
  await vite.close();
  server.close(() => app.close());
  server.closeIdleConnections();
});
