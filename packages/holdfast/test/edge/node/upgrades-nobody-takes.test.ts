/** A WebSocket that is asked for where nobody can take it is not opened, and no upstream's connection ends the process. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { waitUntil } from '../../../../../test/services/wait-until.ts';
import { createEdge, type EdgeOptions } from '../../../src/edge/index.ts';
import { edgeListener, nodeTransport, serveEdge } from '../../../src/edge/node.ts';
import { startUpstream } from './harness/upstream.ts';

const ACCEPTED =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n';

/** An upstream that accepts every upgrade, and what it has accepted. */
async function startAccepting(t: TestContext): Promise<{ origin: string; accepted: Duplex[] }> {
  const accepted: Duplex[] = [];
  const { origin, server } = await startUpstream(t, (_request, response) => response.end('no WebSocket'));
  server.on('upgrade', (_request, socket) => {
    accepted.push(socket.on('error', () => undefined).resume());
    t.after(() => socket.destroy());
    socket.write(ACCEPTED);
  });
  return { origin, accepted };
}

/** The first answer on a connection that asks for an upgrade with these lines. */
async function askRaw(t: TestContext, port: number, lines: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  t.after(() => socket.destroy());
  const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
  socket.write([`GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}`, ...lines, key, '', ''].join('\r\n'));
  const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(5000) })) as [Buffer];
  return answer.toString();
}

/** A listener whose server has no `upgrade` listener. */
async function startWithout(t: TestContext, options: EdgeOptions): Promise<number> {
  const server = createServer(edgeListener(createEdge(options)).request).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

test('Upgrade without "Connection: Upgrade" is an ordinary request', async (t) => {
  const { origin, accepted } = await startAccepting(t);
  await using served = await serveEdge({ routes: { '/': origin } }, { port: 0 });
  const answer = await askRaw(t, served.port, ['Upgrade: websocket']);
  assert.match(answer, /^HTTP\/1\.1 200 /);
  assert.equal(accepted.length, 0);
});

test('without an `upgrade` listener an upgrade is an ordinary request', async (t) => {
  const { origin, accepted } = await startAccepting(t);
  await using transport = nodeTransport();
  const port = await startWithout(t, { routes: { '/': origin }, transport });
  const answer = await askRaw(t, port, ['Connection: Upgrade', 'Upgrade: websocket']);
  assert.match(answer, /^HTTP\/1\.1 200 /);
  assert.equal(accepted.length, 0);
});

test('a WebSocket that a transport opened unasked is closed, and the answer is 502', async (t) => {
  const { origin, accepted } = await startAccepting(t);
  await using transport = nodeTransport();
  const insists = async (request: Request): Promise<Response> => {
    const headers = new Headers(request.headers);
    headers.set('upgrade', 'websocket');
    return transport(new Request(request, { headers }));
  };
  const port = await startWithout(t, { routes: { '/': origin }, transport: insists });
  assert.match(await askRaw(t, port, []), /^HTTP\/1\.1 502 /);
  await waitUntil('the upstream’s connection is closed', () => accepted[0]?.readableEnded === true);
});

test('an accepted WebSocket that nobody has taken yet may be reset', async (t) => {
  const { origin, accepted } = await startAccepting(t);
  await using transport = nodeTransport();
  const response = await transport(new Request(origin, { headers: { upgrade: 'websocket' } }));
  assert.equal(response.status, 101);
  const [socket] = accepted as [Socket];
  socket.resetAndDestroy();
  // One more round trip, so that the reset has arrived; unheard it would end this process.
  await (await transport(new Request(origin))).text();
});
