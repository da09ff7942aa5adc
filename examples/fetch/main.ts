/** Serves the example on Node. Deno, Bun and Workers take `app.fetch` as it is; Node needs the few lines below. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { createApp } from './app.ts';

const port = Number(process.env.PORT ?? 3000);
const app = createApp({
  secrets: process.env.SESSION_SECRET ?? '',
  directory: process.env.DATA_DIR ?? './data',
  origin: `http://localhost:${port}`,
});

const server = createServer(async (incoming, outgoing) => {
  try {
    const { method = 'GET', url = '/', headersDistinct } = incoming;
    const headers = new Headers();
    for (const [name, values] of Object.entries(headersDistinct))
      for (const value of values ?? []) headers.append(name, value);
    const body = method === 'GET' || method === 'HEAD' ? null : await buffer(incoming);
    const request = new Request(new URL(url, 'http://localhost'), { method, headers, body });
    const response = await app.fetch(request).catch(() => new Response('Something failed\n', { status: 500 }));
    outgoing.writeHead(response.status, [...response.headers].flat());
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  } catch {
    // No request can be made of it (TRACE, `GET //`), or an upload stopped half-way: a rejection would end the process.
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(400).end('Bad request\n');
  }
});

server.listen(port, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`listening on http://localhost:${(server.address() as AddressInfo).port}\n`);
process.once('SIGTERM', () => server.close(() => app.close()));
